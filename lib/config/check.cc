#include "config/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/nearest.h"
#include "base/time_zone.h"
#include "config/listen_address.h"
#include "config/memory_shares.h"
#include "config/setting_table.h"
#include "pattern/user_patterns.h"

namespace gasoline::config {
namespace {

constexpr std::string_view kSources = "backend.logs";
constexpr size_t kExpressionsMax = 256;

class Checker {
 public:
  Checker(Reading& reading, const Known& known)
      : reading_(reading),
        settings_(reading.configuration.settings),
        known_(known),
        home_(known.home) {}

  void check() {
    check_server();
    check_security();
    check_zone("understand.timezone", settings_.timezone);
    check_names();
    check_expressions();
    check_secret_kinds();
    for (size_t i = 0; i < settings_.sources.size(); ++i) check_source(i);
    name_sources();
  }

 private:
  using Texts = std::vector<std::string>;

  void check_server() {
    for (size_t i = 0; i < settings_.listen.size(); ++i) {
      if (parse_listen_address(settings_.listen[i])) continue;
      complain(element("server.listen", i),
               fmt::format("'{}' is not accepted; accepted: {}", settings_.listen[i],
                           kListenAccepted));
    }
    for (std::string* path :
         {&settings_.socket_path, &settings_.log_file, &settings_.state_directory,
          &settings_.spool_directory, &settings_.token_file}) {
      expand_home(*path);
    }
    const int64_t limit = store_bytes_limit(settings_);
    if (settings_.store_bytes_max > limit) {
      complain("store.max_bytes",
               fmt::format("is not accepted; with memory.max as it is, accepted: at most {}MiB",
                           limit >> 20));
    }
  }

  void check_security() {
    for (size_t i = 0; i < settings_.allowed_origins.size(); ++i) {
      const std::string& origin = settings_.allowed_origins[i];
      const size_t scheme = origin.find("://");
      const bool is_origin = scheme != std::string::npos && scheme > 0 &&
                             scheme + 3 < origin.size() &&
                             origin.find('/', scheme + 3) == std::string::npos;
      if (is_origin) continue;
      complain(element("security.allowed_origins", i),
               fmt::format("'{}' is not accepted; accepted: SCHEME://HOST or SCHEME://HOST:PORT, "
                           "without a path",
                           origin));
    }
    for (size_t i = 0; i < settings_.allowed_hosts.size(); ++i) {
      const std::string& host = settings_.allowed_hosts[i];
      if (host.find_first_of("/ *") == std::string::npos) continue;
      complain(element("security.allowed_hosts", i),
               fmt::format("'{}' is not accepted; accepted: HOST or HOST:PORT, without patterns",
                           host));
    }
  }

  void check_zone(std::string_view key, const std::string& zone) {
    if (zone.empty()) return;
    if (const auto found = TimeZone::named(zone); !found) {
      complain(key, fmt::format("'{}' is not accepted: {}", zone, found.error().detail));
    }
  }

  void check_names() {
    std::set<std::string_view> names;
    for (size_t i = 0; i < settings_.patterns.size(); ++i) {
      const std::string& name = settings_.patterns[i].name;
      if (name.empty() || names.insert(name).second) continue;
      complain(fmt::format("understand.patterns[{}].name", i), "has the name of another pattern");
    }
    names.clear();
    for (size_t i = 0; i < settings_.redaction_rules.size(); ++i) {
      const std::string& name = settings_.redaction_rules[i].name;
      const std::string key = fmt::format("redaction.rules[{}].name", i);
      constexpr std::string_view kAccepted = "abcdefghijklmnopqrstuvwxyz"
                                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
      constexpr size_t kNameSizeMax = 32;
      if (name.find_first_not_of(kAccepted) != std::string::npos || name.size() > kNameSizeMax) {
        complain(key, "is not accepted; accepted: up to 32 letters, digits and -");
      } else if (!name.empty() && !names.insert(name).second) {
        complain(key, "has the name of another rule");
      }
    }
  }

  void check_expressions() {
    for (size_t i = 0; i < settings_.patterns.size(); ++i) {
      const auto groups = check_regex(fmt::format("understand.patterns[{}].regex", i),
                                      settings_.patterns[i].regex);
      if (!groups || !groups->empty()) continue;
      complain(fmt::format("understand.patterns[{}].regex", i),
               "has no named group, so there is nothing to be read: write (?P<message>...)");
    }
    for (size_t i = 0; i < settings_.redaction_rules.size(); ++i) {
      check_regex(fmt::format("redaction.rules[{}].regex", i), settings_.redaction_rules[i].regex);
    }
    for (const auto& [key, size] :
         {std::pair(std::string_view("understand.patterns"), settings_.patterns.size()),
          std::pair(std::string_view("redaction.rules"), settings_.redaction_rules.size())}) {
      if (size <= kExpressionsMax) continue;
      complain(key, fmt::format("has {} elements; accepted: at most {}", size, kExpressionsMax));
    }
  }

  /// The named groups, if the expression is good.
  std::optional<Texts> check_regex(const std::string& key, const std::string& regex) {
    if (regex.empty()) return std::nullopt;
    const pattern::RegexVerdict verdict = pattern::check_regex(regex);
    if (verdict.is_good && verdict.what.empty()) return verdict.groups;
    Complaint complaint = reading_.configuration.complaint(key, verdict.what);
    if (verdict.character > 0) {
      complaint.what += fmt::format(" (at character {} of the expression)", verdict.character);
    }
    (verdict.is_good ? reading_.notes : reading_.errors).push_back(std::move(complaint));
    if (!verdict.is_good) return std::nullopt;
    return verdict.groups;
  }

  void check_secret_kinds() {
    if (known_.secret_kinds.empty()) return;
    const std::vector<std::string_view> kinds(known_.secret_kinds.begin(),
                                              known_.secret_kinds.end());
    for (size_t i = 0; i < settings_.redaction_disabled.size(); ++i) {
      const std::string& kind = settings_.redaction_disabled[i];
      if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) continue;
      const auto meant = nearest(kind, kinds);
      complain(element("redaction.disable", i),
               fmt::format("there is no kind of secrets named '{}'; {}", kind,
                           meant ? fmt::format("did you mean '{}'?", *meant)
                                 : fmt::format("accepted: {}", fmt::join(kinds, ", "))));
    }
  }

  void check_source(size_t index) {
    SourceSettings& source = settings_.sources[index];
    const std::string here = element(kSources, index);
    // Without its type nothing else can be judged.
    const auto type_origin = reading_.configuration.origins.find(here + ".type");
    const bool is_known = type_origin != reading_.configuration.origins.end();
    if (!is_known || type_origin->second.is_refused) return;
    const std::string_view type =
        word_at(*find_setting("backend.logs[].type"), static_cast<size_t>(source.type));
    refuse_keys_of_other_types(here, type);
    check_zone(here + ".timezone", source.timezone);
    if (source.type != SourceSettings::Type::kContainer && !is_set(here + ".path")) {
      complain(here, fmt::format("'path' is missing: a source of type {} needs it", type));
    }
    if (source.type == SourceSettings::Type::kFile) {
      check_local_paths(here + ".path", source.paths);
      check_local_paths(here + ".exclude", source.exclude, true);
    }
    if (source.type == SourceSettings::Type::kSsh) check_ssh(here, source);
    expand_home(source.socket);
    if (is_set(here + ".recent") && source.start != Start::kRecent) {
      complain(here + ".recent", "is of use only with 'start: recent'");
    }
  }

  void refuse_keys_of_other_types(const std::string& here, std::string_view type) {
    constexpr std::string_view kSection = "backend.logs[].";
    for (const SettingRow& row : setting_table()) {
      if (row.types.empty() || row.types.find(type) != std::string_view::npos) continue;
      const std::string key = here + "." + std::string(row.key.substr(kSection.size()));
      if (!is_set(key)) continue;
      complain(key, fmt::format("a source of type {} has no such key; it is of: {}", type,
                                row.types));
    }
  }

  /// In whatever directory.
  static bool is_name(const std::string& pattern) {
    return !pattern.empty() && pattern.find('/') == std::string::npos;
  }

  void check_ssh(const std::string& here, const SourceSettings& source) {
    if (!is_set(here + ".host")) {
      complain(here, "'host' is missing: a source of type ssh needs it");
    } else if (source.host.starts_with('-') ||
               source.host.find_first_of(" \t'\"") != std::string::npos) {
      complain(here + ".host", "is not accepted; accepted: an alias, HOST or USER@HOST");
    }
    for (const Texts* paths : {&source.paths, &source.exclude}) {
      for (size_t i = 0; i < paths->size(); ++i) {
        const std::string& path = (*paths)[i];
        if (path.starts_with('/') || path.starts_with("~/")) continue;
        if (paths == &source.exclude && is_name(path)) continue;
        complain(element(here + (paths == &source.paths ? ".path" : ".exclude"), i),
                 fmt::format("'{}' is not accepted; accepted: a path that begins with / or ~/",
                             path));
      }
    }
  }

  void check_local_paths(const std::string& key, Texts& paths, bool may_be_names = false) {
    for (size_t i = 0; i < paths.size(); ++i) {
      if (may_be_names && is_name(paths[i])) continue;
      expand_home(paths[i]);
      if (paths[i].starts_with('/')) continue;
      complain(element(key, i),
               fmt::format("'{}' is not accepted; accepted: a path that begins with / or ~/: the "
                           "daemon has no directory of its own",
                           paths[i]));
    }
  }

  /// Sources without a name get one of their type and place; equal ones are told apart by a number.
  void name_sources() {
    std::set<std::string> names;
    for (size_t i = 0; i < settings_.sources.size(); ++i) {
      const std::string& name = settings_.sources[i].name;
      if (name.empty() || names.insert(name).second) continue;
      complain(fmt::format("{}[{}].name", kSources, i), "has the name of another source");
    }
    for (SourceSettings& source : settings_.sources) {
      if (!source.name.empty()) continue;
      const std::string made = made_name(source);
      source.name = made;
      for (int number = 2; !names.insert(source.name).second; ++number) {
        source.name = fmt::format("{}#{}", made, number);
      }
    }
  }

  static std::string made_name(const SourceSettings& source) {
    const std::string path = source.paths.empty() ? "" : ":" + source.paths.front();
    if (source.type == SourceSettings::Type::kFile) return "file" + path;
    if (source.type == SourceSettings::Type::kSsh) return "ssh:" + source.host + path;
    for (const Texts* filter : {&source.names, &source.labels, &source.images}) {
      if (!filter->empty()) return "container:" + filter->front();
    }
    return "container";
  }

  void expand_home(std::string& path) const {
    if (path.starts_with("~/") && !home_.empty()) path = home_ + path.substr(1);
  }

  bool is_set(const std::string& key) const {
    return reading_.configuration.origins.contains(key);
  }
  static std::string element(std::string_view key, size_t index) {
    return fmt::format("{}[{}]", key, index);
  }
  void complain(std::string_view key, std::string_view what) {
    reading_.errors.push_back(reading_.configuration.complaint(key, what));
  }

  Reading& reading_;
  Settings& settings_;
  const Known& known_;
  const std::string& home_;
};

}  // namespace

void check_settings(Reading& reading, const Known& known) {
  Checker(reading, known).check();
}

}  // namespace gasoline::config
