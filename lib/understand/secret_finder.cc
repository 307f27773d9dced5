#include "understand/secret_finder.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "understand/chars.h"
#include "understand/id_shape.h"

namespace gasoline::understand {

namespace {

constexpr std::string_view kMaskPrefix = "[redacted:";
constexpr size_t kKindSizeMax = 48;
constexpr size_t kCutSizeMax = 4096;  // of the beginning of a secret that is looked at as such
constexpr std::string_view kPemFooter = "-----END ";

/// Looking for a key's end marker stops here, so that many begin markers stay linear.
constexpr size_t kPemSizeMax = 16 * 1024;

struct Extent {
  size_t start = 0;
  size_t end = 0;  // equal to start: no secret up to here
};

bool is_token(char c) {
  return is_alnum(c) || c == '_' || c == '-';
}
bool is_base64(char c) {
  return is_alnum(c) || c == '+' || c == '/' || c == '=';
}
bool is_dotted(char c) {
  return is_token(c) || is_base64(c) || c == '.' || c == '~';
}
bool is_url_path(char c) {
  return is_dotted(c) || c == ':' || c == '%' || c == '@';
}

bool is_of(SecretForm form, char c) {
  switch (form) {
    case SecretForm::kAlnum:
      return is_alnum(c) || c == '_';
    case SecretForm::kHex:
      return is(c, kHexDigit) || c == '_' || c == '-';
    case SecretForm::kToken:
      return is_token(c);
    case SecretForm::kBase64:
      return is_base64(c) || c == '_' || c == '-' || c == '\\';
    case SecretForm::kDotted:
      return is_dotted(c);
    default:
      return is_url_path(c);
  }
}

/// Where the characters of `form` end, at most `size_max` + 1 on.
size_t end_of_run(std::string_view text, size_t start, SecretForm form, size_t size_max) {
  const size_t limit = std::min(text.size(), start + size_max + 1);
  size_t at = start;
  while (at < limit && is_of(form, text[at])) {
    // In base64 a backslash is only JSON's way to write a slash.
    if (text[at] == '\\' && (at + 1 >= limit || text[at + 1] != '/')) break;
    ++at;
  }
  return at;
}

bool ends_unquoted(char c) {
  return is(c, kBlank) || c == '"' || c == '\'' || c == '&' || c == ',' || c == ';' || c == ')' ||
         c == '}' || c == ']' || c == '<' || c == '>' || c == '\n' || c == '\r' || c == '\\' ||
         c == '`' || c == '(' || c == '[';
}

bool has_lower(std::string_view value) {
  return std::any_of(value.begin(), value.end(), [](char c) { return is(c, kLower); });
}

/// True for an expression of a program, such as os.environ["KEY"] or read_key(): the value is not
/// in the text.
bool is_expression(std::string_view value, char next) {
  return (next == '(' || next == '[') && is_alpha(value.front()) &&
         all_of(value, kLower | kUpper | kDigit | kKeyChar) &&
         value.find('/') == std::string_view::npos;
}

/// Values that stand for a secret rather than being one: ***, <redacted>, ${NAME}, %s, xxxx, null.
bool stands_for_secret(std::string_view value) {
  if (is_placeholder(value)) return true;
  const char first = value.front();
  if (first == '<' || first == '[' || first == '{' || first == '*' || first == '(') return true;
  if (value.starts_with("${") || value.starts_with("$(") || value.starts_with("%{") ||
      value.starts_with("%s") || value.starts_with("#{")) {
    return true;
  }
  if (value.find("***") != std::string_view::npos) return true;
  // $NAME of a shell, !tag of YAML
  if (first == '$' && all_of(value.substr(1), kUpper | kDigit | kKeyChar) && !has_lower(value))
    return true;
  if (first == '!' && all_of(value.substr(1), kLower)) return true;
  // :name of SQL
  if (first == ':' && all_of(value.substr(1), kLower | kUpper)) return true;
  return std::all_of(value.begin(), value.end(), [first](char c) { return c == first; });
}

/// More than a word or a number: letters with digits or signs among them, or cases mixed.
bool looks_secret(std::string_view value) {
  bool lower = false;
  bool upper = false;
  bool digit = false;
  bool sign = false;
  for (const char c : value) {
    lower |= is(c, kLower);
    upper |= is(c, kUpper);
    digit |= is(c, kDigit);
    sign |= !is_alnum(c) && c != '-' && c != '_' && c != '.' && c != '/' && c != ':';
  }
  const bool letters = lower || upper;
  return (letters && digit) || (sign && (letters || digit)) ||
         (lower && upper && value.size() >= 20);
}

/// Judges one trigger's match.
class Judge {
 public:
  Judge(std::string_view text, bool is_cut, const SecretKind& kind, size_t match_end)
      : text_(text), is_cut_(is_cut), kind_(kind), match_end_(match_end) {}

  Extent extent() const {
    switch (kind_.form) {
      case SecretForm::kValue:
      case SecretForm::kCredential:
      case SecretForm::kBlob:
        return value();
      case SecretForm::kUrlPassword:
        return url_password();
      case SecretForm::kDsnPassword:
        return dsn_password();
      case SecretForm::kCookies:
        return cookies();
      case SecretForm::kJwt:
        return jwt();
      case SecretForm::kPem:
        return pem();
      case SecretForm::kUrlPath:
        return url();
      default:
        return kind_.before > match_end_ - kind_.lead || !is_before()
                   ? none()
                   : run(match_end_ - kind_.lead - kind_.before);
    }
  }

  /// True if the lines that follow may belong to the key: it goes up to the end of the text, or
  /// there is nothing but its begin marker, as where each line is wrapped in an object.
  bool begins_private_key(const Extent& extent) const {
    const std::string_view key = text_.substr(match_end_, extent.end - match_end_);
    if (key.find(kPemFooter) != std::string_view::npos) return false;
    return extent.end == text_.size() || key.find_first_not_of("-\\nr\n\r ") == std::string::npos;
  }

 private:
  Extent none() const { return {match_end_, match_end_}; }

  bool is_before() const {
    const size_t start = match_end_ - kind_.lead - kind_.before;
    const std::string_view before = text_.substr(start, kind_.before);
    return std::all_of(before.begin(), before.end(),
                       [this](char c) { return is_of(kind_.form, c); });
  }

  bool follows_word(size_t start) const {
    return start > 0 && (is_alnum(text_[start - 1]) || text_[start - 1] == '_');
  }

  /// A run of the form's characters, not the middle of a longer word.
  Extent run(size_t start) const {
    if (kind_.lead > 0 && follows_word(start) && text_[start] != ':') return none();
    if (kind_.lead == 0) start += run_of(text_.substr(start), kBlank, 2);
    const size_t prefix_end = std::max(start, match_end_);
    size_t end = end_of_run(text_, prefix_end, kind_.form, kind_.size_max);
    while (end > prefix_end && (text_[end - 1] == '.' || text_[end - 1] == '\\')) --end;
    const size_t size = end - start;
    if (may_go_on(end) && size > 0 && size <= kind_.size_max) return {start, end};
    if (size < kind_.size_min || size > kind_.size_max) return none();
    const std::string_view secret = text_.substr(start, size);
    if (kind_.lead == 0 && (stands_for_secret(secret) || !looks_secret(secret))) return none();
    const std::string_view random = kind_.before > 0 ? secret : secret.substr(prefix_end - start);
    if (kind_.lead > 0 && !has_variety(random)) return none();
    return {start, end};
  }

  /// "xxxxxxxx" and "00000000" are examples.
  static bool has_variety(std::string_view text) {
    return text.empty() ||
           !std::all_of(text.begin(), text.end(), [text](char c) { return c == text[0]; });
  }

  /// A URL whose path is the secret; masked as a whole where it begins with its scheme.
  Extent url() const {
    const size_t end = end_of_run(text_, match_end_, kind_.form, kind_.size_max);
    const bool is_beginning = may_go_on(end) && end > match_end_;
    const size_t size = end - match_end_;
    if ((size < kind_.size_min && !is_beginning) || size > kind_.size_max) return none();
    const size_t scheme = kind_.trigger.starts_with("https") ? text_.rfind("https://", match_end_)
                                                             : std::string_view::npos;
    if (scheme != std::string_view::npos && match_end_ - scheme < 80) return {scheme, end};
    return {match_end_ - kind_.lead, end};
  }

  Extent value() const {
    size_t at = match_end_;
    const bool blank = at < text_.size() && is(text_[at], kBlank);
    if (at < text_.size() && text_[at] == '>') ++at;
    at += run_of(text_.substr(at), kBlank, 2);
    size_t escapes = 0;
    while (at + escapes < text_.size() && text_[at + escapes] == '\\') ++escapes;
    const char quote = at + escapes < text_.size() ? text_[at + escapes] : '\0';
    const bool quoted = quote == '"' || quote == '\'';
    if (quoted) at += escapes + 1;
    const size_t start = at;
    const size_t limit = std::min(text_.size(), start + kind_.size_max + 1);
    while (at < limit && !ends_value(at, quoted, quote)) ++at;
    // A quoted value may hold escapes; those of its own closing quote are not part of it.
    while (at > start && text_[at - 1] == '\\') --at;
    const std::string_view found = text_.substr(start, at - start);
    if (!quoted && at < text_.size() && !found.empty() && is_expression(found, text_[at]))
      return none();
    if (judge_value(found, quoted, blank)) return {start, at};
    if (may_go_on(at) && !found.empty() && !stands_for_secret(found)) return {start, at};
    return quoted ? none() : Extent{at, at};
  }

  bool ends_value(size_t at, bool quoted, char quote) const {
    if (!quoted) return ends_unquoted(text_[at]);
    return text_[at] == quote || text_[at] == '\n';
  }

  bool judge_value(std::string_view found, bool quoted, bool blank) const {
    if (found.size() < kind_.size_min || found.size() > kind_.size_max) return false;
    if (stands_for_secret(found)) return false;
    if (found.starts_with("[redacted")) return false;
    if (kind_.form == SecretForm::kBlob) return looks_like_blob(found);
    if (kind_.form == SecretForm::kCredential) return looks_secret(found) && !is_path(found);
    // "password: wrong" is prose; a quoted value or an assignment is not.
    return quoted || !blank || looks_secret(found);
  }

  /// Base64 of 192 bits or more: what keys of ciphers and accounts look like, and names do not.
  static bool looks_like_blob(std::string_view found) {
    const auto has = [found](unsigned classes) {
      return std::any_of(found.begin(), found.end(), [classes](char c) { return is(c, classes); });
    };
    return std::all_of(found.begin(), found.end(), is_base64) && has(kLower) && has(kUpper) &&
           has(kDigit);
  }

  static bool is_path(std::string_view found) {
    return found.starts_with("/") && found.find('/', 1) != std::string_view::npos &&
           found.find_first_of("+=") == std::string_view::npos && found.size() < 64;
  }

  /// user:PASSWORD@host
  Extent url_password() const {
    const size_t limit = std::min(text_.size(), match_end_ + kind_.size_max + 1);
    size_t at_sign = 0;
    for (size_t at = match_end_; at < limit; ++at) {
      const char c = text_[at];
      if (c == '@') at_sign = at;
      if (c == '/' || c == '"' || c == '\'' || c == '<' || c == '\n' || is(c, kBlank)) break;
    }
    if (at_sign <= match_end_) return beginning_of_url_password(limit);
    const std::string_view found = text_.substr(match_end_, at_sign - match_end_);
    if (stands_for_secret(found) || found.find("${") != std::string_view::npos) return none();
    return {match_end_, at_sign};
  }

  /// A password whose end was cut off. A port looks like one, but has digits only.
  Extent beginning_of_url_password(size_t limit) const {
    if (!may_go_on(limit)) return none();
    const std::string_view rest = text_.substr(match_end_);
    const bool is_whole = rest.find_first_of("/\"'<\n \t") != std::string_view::npos;
    if (is_whole || rest.empty() || all_of(rest, kDigit)) return none();
    return {match_end_, text_.size()};
  }

  /// user:PASSWORD@tcp(host)
  Extent dsn_password() const {
    const size_t end = text_.rfind('@', match_end_);
    size_t start = end;
    const size_t limit = end - std::min<size_t>(end, kind_.size_max);
    while (start > limit && text_[start - 1] != ':' && !ends_unquoted(text_[start - 1])) --start;
    if (start == end || start == 0 || text_[start - 1] != ':') return none();
    const std::string_view found = text_.substr(start, end - start);
    return stands_for_secret(found) ? none() : Extent{start, end};
  }

  /// name=value; name=value
  Extent cookies() const {
    const size_t limit = std::min(text_.size(), match_end_ + kind_.size_max);
    bool is_secret = false;
    size_t at = match_end_;
    size_t end = match_end_;
    while (at < limit) {
      const size_t equals = at + run_of(text_.substr(at, limit - at), kKeyChar);
      if (equals == at || equals >= limit || text_[equals] != '=') break;
      end = equals + 1;
      while (end < limit && !ends_unquoted(text_[end])) ++end;
      const std::string_view value = text_.substr(equals + 1, end - equals - 1);
      is_secret |= value.size() >= kind_.size_min && looks_secret(value);
      is_secret |= may_go_on(end) && !value.empty();
      if (!text_.substr(end).starts_with(";")) break;
      at = end + 1 + run_of(text_.substr(end + 1), kBlank, 1);
    }
    return is_secret ? Extent{match_end_, end} : Extent{end, end};
  }

  /// Two or more parts of base64url joined by dots.
  Extent jwt() const {
    const size_t start = match_end_ - kind_.lead;
    if (follows_word(start)) return none();
    size_t at = start;
    size_t parts = 0;
    const size_t limit = std::min(text_.size(), start + kind_.size_max);
    while (at < limit) {
      const size_t part = at;
      while (at < limit && is_token(text_[at])) ++at;
      if (at - part < (parts < 2 ? 8u : 1u)) break;
      ++parts;
      if (parts == 5 || at >= limit || text_[at] != '.') break;
      ++at;
    }
    if (at > start && text_[at - 1] == '.') --at;
    if (may_go_on(limit) && std::max(at, limit) == text_.size() && is_jwt_start(start)) {
      return {start, text_.size()};
    }
    return parts >= 2 && at - start >= kind_.size_min ? Extent{start, at} : none();
  }

  /// Nothing but parts and dots up to the end of the text.
  bool is_jwt_start(size_t start) const {
    const std::string_view rest = text_.substr(start);
    return rest.size() <= kCutSizeMax &&
           std::all_of(rest.begin(), rest.end(), [](char c) { return is_token(c) || c == '.'; });
  }

  /// To the end marker, or to the end of the text if a line was cut before it.
  Extent pem() const {
    const size_t from = match_end_ - std::min<size_t>(match_end_, 64);
    const size_t begin = text_.substr(from, match_end_ - from).rfind("-----BEGIN ");
    const size_t start = begin != std::string_view::npos ? from + begin : match_end_ - kind_.lead;
    const std::string_view near = text_.substr(0, match_end_ + kPemSizeMax);
    const size_t footer = near.find(kPemFooter, match_end_);
    if (footer != std::string_view::npos) {
      const size_t close = text_.substr(0, footer + 64).find("-----", footer + 9);
      return {start, close == std::string_view::npos
                         ? character_boundary(text_, std::min(text_.size(), footer + 40))
                         : close + 5};
    }
    return {start, character_boundary(
                       text_, std::min(near.find_first_of("\"'", match_end_), near.size()))};
  }

  /// True if the text was cut at or behind `end`: what ends there may be longer than it seems.
  bool may_go_on(size_t end) const { return is_cut_ && end == text_.size(); }

  std::string_view text_;
  bool is_cut_;
  const SecretKind& kind_;
  size_t match_end_;
};

pattern::Scratch make_scratch(const pattern::PatternSet& patterns) {
  Result<pattern::Scratch> scratch = patterns.make_scratch();
  GASOLINE_ASSERT(scratch.has_value());
  return std::move(*scratch);
}

}  // namespace

size_t run_of_secret(std::string_view text, SecretForm form) {
  const auto goes_on = [form](char c) {
    switch (form) {
      case SecretForm::kValue:
      case SecretForm::kCredential:
      case SecretForm::kBlob:
        return !ends_unquoted(c);
      case SecretForm::kUrlPassword:
        return c != '@' && c != '/' && !ends_unquoted(c);
      case SecretForm::kJwt:
        return is_token(c) || c == '.';
      default:
        return is_of(form, c);
    }
  };
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), goes_on) - text.begin());
}

SecretFinder::SecretFinder(const pattern::PatternSet& patterns, const MaskKey& key)
    : patterns_(patterns), scratch_(make_scratch(patterns)), key_(key) {
  found_.reserve(64);
}

MaskText SecretFinder::mask_of(std::string_view kind, std::string_view secret) const {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  const uint16_t tag = mask_tag(key_, secret);
  MaskText mask;
  const auto put = [&mask](std::string_view text) {
    mask.size += text.copy(mask.bytes.data() + mask.size, mask.bytes.size() - mask.size);
  };
  put(kMaskPrefix);
  put(kind.substr(0, kKindSizeMax));
  put("#");
  for (int shift = 12; shift >= 0; shift -= 4) put(kHexDigits.substr((tag >> shift) & 15u, 1));
  put("]");
  return mask;
}

void SecretFinder::consider(std::string_view text, bool is_cut, uint32_t kind, size_t match_end) {
  if (!found_.empty() && match_end < found_.back().end) return;
  const SecretForm form = secret_kinds()[kind].form;
  const bool credential = form == SecretForm::kCredential;
  if (credential && match_end < dull_until_) return;
  if (form == SecretForm::kCookies && match_end < dull_cookies_until_) return;
  const Judge judge(text, is_cut, secret_kinds()[kind], match_end);
  const Extent extent = judge.extent();
  if (credential && extent.end <= extent.start) dull_until_ = extent.end;
  if (form == SecretForm::kCookies) dull_cookies_until_ = extent.end;
  if (extent.end <= extent.start) return;
  found_.push_back({static_cast<uint32_t>(extent.start), static_cast<uint32_t>(extent.end), kind});
  ends_in_secret_ = extent.end == text.size();
  if (form == SecretForm::kPem) {
    ends_in_private_key_ = judge.begins_private_key(extent);
  }
}

/// Sorts by start and lets the earlier of two overlapping secrets swallow the later.
void SecretFinder::merge_overlaps() {
  std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
    return a.start != b.start ? a.start < b.start : a.kind < b.kind;
  });
  size_t kept = 0;
  for (size_t i = 1; i < found_.size(); ++i) {
    if (found_[i].start < found_[kept].end) {
      found_[kept].end = std::max(found_[kept].end, found_[i].end);
    } else {
      found_[++kept] = found_[i];
    }
  }
  found_.resize(kept + 1);
}

std::string_view SecretFinder::mask(std::string_view text, bool is_cut, Arena& arena,
                                    uint64_t& masked) {
  GASOLINE_ASSERT(text.size() <= UINT32_MAX);
  found_.clear();
  dull_until_ = 0;
  dull_cookies_until_ = 0;
  ends_in_private_key_ = false;
  ends_in_secret_ = false;
  if (slices_.is_clean(text, patterns_, scratch_)) return text;
  patterns_.scan(text, scratch_, [&](uint32_t kind, size_t end) noexcept {
    consider(text, is_cut, kind, end);
    return true;
  });
  if (found_.empty()) return text;
  merge_overlaps();
  masked += found_.size();
  return with_masks(text, arena);
}

/// What mask_of() will take.
size_t SecretFinder::mask_size(std::string_view kind) {
  constexpr size_t kTagSize = std::string_view("#3f2a]").size();
  return kMaskPrefix.size() + std::min(kind.size(), kKindSizeMax) + kTagSize;
}

std::string_view SecretFinder::with_masks(std::string_view text, Arena& arena) {
  size_t size = text.size();
  for (const Found& found : found_) {
    size += mask_size(secret_kinds()[found.kind].kind);
    size -= found.end - found.start;
  }
  char* const clean = arena.allocate(size);
  char* to = clean;
  const auto put = [&to](std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    to += bytes.size();
  };
  size_t at = 0;
  for (const Found& found : found_) {
    put(text.substr(at, found.start - at));
    const std::string_view secret = text.substr(found.start, found.end - found.start);
    put(mask_of(secret_kinds()[found.kind].kind, secret).text());
    at = found.end;
  }
  put(text.substr(at));
  return {clean, size};
}

}  // namespace gasoline::understand
