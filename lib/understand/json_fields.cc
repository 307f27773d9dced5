#include "understand/json_fields.h"

#include <array>

#include "understand/chars.h"
#include "understand/field_name.h"
#include "understand/json_walk.h"
#include "understand/level_word.h"

namespace gasoline::understand {

namespace {

constexpr size_t kIdDepthMax = 6;
constexpr size_t kUseDepthMax = 3;
constexpr size_t kWholeTimeSizeMin = 19;  // 2026-11-21 02:37:06
constexpr size_t kHeldFieldsMax = 8;
constexpr size_t kIdValueSizeMax = 512;

struct Member {
  std::string_view key;
  std::string_view raw;
  bool portable = true;
};

/// The best field so far for one use. One that a better one replaces goes to the metadata.
struct Candidate {
  Member member;
  std::string_view value;
  uint8_t rank = 255;
  bool is_filled() const { return rank != 255; }
};

class Fields final : public JsonWalk::Visitor {
 public:
  Fields(const TimeContext& context, Arena& arena, Reading& reading, MetadataText& metadata)
      : context_(context), arena_(arena), reading_(reading), metadata_(metadata) {}

  void scalar(const JsonPlace& place, JsonType type, std::string_view value) override {
    chosen_ = nullptr;
    is_id_ = false;
    if (type != JsonType::kString && type != JsonType::kNumber) return;
    if (place.depth <= kUseDepthMax && !place.in_array) take_use(place, type, value);
    if (chosen_ != nullptr || place.depth > kIdDepthMax || value.size() > kIdValueSizeMax) return;
    const IdRole role =
        place.depth == 1 ? classify_id_key(place.key) : classify_id_key(place.parent, place.key);
    if (role == IdRole::kNone) return;
    if (value.find('\\') != std::string_view::npos) value = unescape_json(value, arena_);
    // An array may list other traces, such as links: its ids count only where there are no others.
    Ids& ids = place.in_array ? listed_ids_ : reading_.ids;
    is_id_ = take_id(role, value, IdPlace::kStructured, ids) && place.depth == 1 && !place.in_array;
  }

  void member(std::string_view key, JsonType type, std::string_view raw, bool portable) override {
    const bool scalar = type != JsonType::kObject && type != JsonType::kArray;
    if (scalar && chosen_ != nullptr) {
      chosen_->member = {key, raw, portable};
    } else if (scalar && is_id_ && held_size_ < kHeldFieldsMax) {
      held_[held_size_++] = {key, raw, portable};
    } else {
      add({key, raw, portable});
    }
    chosen_ = nullptr;
    is_id_ = false;
  }

  /// Moves what was found to the reading. Fields that turned out not to be the ones go to metadata.
  void finish() {
    if (reading_.ids.empty()) reading_.ids = listed_ids_;
    finish_time();
    finish_level();
    if (message_.is_filled() && !reading_.has_message) {
      reading_.message = unescape_json(message_.value, arena_);
      reading_.has_message = true;
    }
    if (service_.is_filled() && reading_.service.empty()) {
      reading_.service = unescape_json(service_.value, arena_);
    }
    for (size_t i = 0; i < held_size_; ++i) {
      if (!has_column(held_[i].raw)) add(held_[i]);
    }
  }

 private:
  void add(const Member& member) {
    const std::string_view name = field_name_in_metadata(member.key);
    if (member.portable) {
      metadata_.add_raw(name, member.raw);
    } else {
      metadata_.add_quoted(name, member.raw);
    }
  }

  static FieldName name_of(const JsonPlace& place, JsonType type, std::string_view value) {
    if (place.depth > 1) return field_name(place.parent, place.key);
    const FieldName name = field_name(place.key);
    const bool may_be_time = name.use == FieldUse::kOther && type == JsonType::kString &&
                             value.size() >= kWholeTimeSizeMin &&
                             (value[4] == value[7] || value[2] == '/') &&
                             is(value.front(), kDigit);
    return may_be_time ? name_of_time(place.key) : name;
  }

  void take_use(const JsonPlace& place, JsonType type, std::string_view value) {
    if (place.depth == 2 && place.parent == "instant" && place.key == "nanoOfSecond") {
      nanoseconds_ = value;
    }
    const FieldName name = name_of(place, type, value);
    Candidate* const candidate = candidate_for(name.use);
    if (candidate == nullptr || name.rank >= candidate->rank || !fits(name.use, type, value)) return;
    // A member of a nested object stays where it is; only outermost ones leave the metadata.
    if (candidate->is_filled() && !candidate->member.raw.empty()) {
      add(candidate->member);
    }
    *candidate = {{}, value, name.rank};
    if (place.depth == 1) chosen_ = candidate;
  }

  Candidate* candidate_for(FieldUse use) {
    switch (use) {
      case FieldUse::kTime:
        return &time_;
      case FieldUse::kLevel:
        return &level_;
      case FieldUse::kMessage:
        return &message_;
      case FieldUse::kService:
        return &service_;
      case FieldUse::kOther:
        break;
    }
    return nullptr;
  }

  /// True if a field of this use can hold such a value. Keeps the time or the level that it says.
  bool fits(FieldUse use, JsonType type, std::string_view value) {
    const bool text = type == JsonType::kString;
    const bool number = type == JsonType::kNumber;
    PrintedTime time;
    event::Level level;
    switch (use) {
      case FieldUse::kTime:
        if ((!text && !number) || !read_time_value(value, context_, time)) return false;
        printed_time_ = time;
        return true;
      case FieldUse::kLevel:
        if ((!text && !number) || !read_level_field(value, level)) return false;
        read_level_ = level;
        return true;
      case FieldUse::kMessage:
        return text;
      case FieldUse::kService:
        return text && !value.empty() && value.size() <= event::kServiceSizeMax;
      case FieldUse::kOther:
        break;
    }
    return false;
  }

  void finish_time() {
    if (!time_.is_filled()) return;
    PrintedTime time = printed_time_;
    if (!nanoseconds_.empty() && nanoseconds_.size() <= 9 && all_of(nanoseconds_, kDigit) &&
        time.us % 1'000'000 == 0) {
      int64_t nanoseconds = 0;  // {"instant":{"epochSecond":n,"nanoOfSecond":n}} of log4j
      for (const char c : nanoseconds_) nanoseconds = nanoseconds * 10 + (c - '0');
      time.us += nanoseconds / 1000;
      time.unit_us = 1;
    }
    reading_.offer_time(time);
  }

  void finish_level() {
    if (level_.is_filled()) reading_.offer_level(read_level_, level_.value);
  }

  bool has_column(std::string_view raw) const {
    if (raw.size() >= 2 && raw.front() == '"') raw = raw.substr(1, raw.size() - 2);
    const Ids& ids = reading_.ids;
    return raw == ids.trace.value || raw == ids.request.value || raw == ids.span.value ||
           raw == ids.correlation.value;
  }

  const TimeContext& context_;
  Arena& arena_;
  Reading& reading_;
  MetadataText& metadata_;
  Ids listed_ids_;
  Candidate time_;
  PrintedTime printed_time_;  // of time_
  std::string_view nanoseconds_;  // beside a time in whole seconds
  Candidate level_;
  event::Level read_level_ = event::Level::kInfo;  // of level_
  Candidate message_;
  Candidate service_;
  Candidate* chosen_ = nullptr;  // what the scalar just seen was taken for
  bool is_id_ = false;           // the scalar just seen was an id
  std::array<Member, kHeldFieldsMax> held_;
  size_t held_size_ = 0;
};

}  // namespace

size_t read_json_object(std::string_view text, const TimeContext& context, Arena& arena,
                        Reading& reading, MetadataText& metadata) {
  const size_t metadata_size = metadata.size();
  const Ids ids = reading.ids;
  Fields fields(context, arena, reading, metadata);
  const size_t size = JsonWalk::walk(text, fields);
  if (size == 0) {
    metadata.cut(metadata_size);
    reading.ids = ids;
    return 0;
  }
  fields.finish();
  return size;
}

bool read_time_value(std::string_view value, const TimeContext& context, PrintedTime& time) {
  return read_numeric_time(value, time) || read_printed_time(value, context, time);
}

bool read_level_field(std::string_view value, event::Level& level) {
  if (value.size() == 1 && value[0] >= '0' && value[0] <= '7') {
    constexpr std::array kSyslog = {event::Level::kCritical, event::Level::kCritical,
                                    event::Level::kCritical, event::Level::kError,
                                    event::Level::kWarn,     event::Level::kInfo,
                                    event::Level::kInfo,     event::Level::kDebug};
    level = kSyslog[static_cast<size_t>(value[0] - '0')];
    return true;
  }
  // D1 to D5 of MongoDB
  if (value.size() == 2 && value[0] == 'D' && is(value[1], kDigit)) value = value.substr(0, 1);
  return read_level_value(value, level);
}

}  // namespace gasoline::understand
