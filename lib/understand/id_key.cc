#include "understand/id_key.h"

#include <algorithm>
#include <array>

#include "understand/chars.h"

namespace gasoline::understand {

namespace {

struct Word {
  std::string_view letters;
  IdRole role;
};

/// Names whose last words decide.
constexpr std::array kSuffixes = {Word{"requestid", IdRole::kRequest},
                                  Word{"reqid", IdRole::kRequest},
                                  Word{"requestuuid", IdRole::kRequest},
                                  Word{"requestguid", IdRole::kRequest},
                                  Word{"requuid", IdRole::kRequest},
                                  Word{"traceid", IdRole::kTrace},
                                  Word{"tracecontext", IdRole::kTrace},
                                  Word{"operationid", IdRole::kWeakTrace},
                                  Word{"activityid", IdRole::kWeakTrace},
                                  Word{"spanid", IdRole::kSpan},
                                  Word{"correlationid", IdRole::kCorrelation},
                                  Word{"corrid", IdRole::kCorrelation},
                                  Word{"correlid", IdRole::kCorrelation},
                                  Word{"correlationuuid", IdRole::kCorrelation},
                                  Word{"traceparent", IdRole::kTraceparent},
                                  Word{"amzntraceid", IdRole::kXray},
                                  Word{"ubertraceid", IdRole::kUber},
                                  Word{"trace", IdRole::kWeakTrace},
                                  Word{"transactiontraceid", IdRole::kTrace}};

/// Names that count only as a whole.
constexpr std::array kWholes = {Word{"b3", IdRole::kB3},
                                Word{"root", IdRole::kXrayRoot},
                                Word{"req", IdRole::kWeakRequest},
                                Word{"request", IdRole::kWeakRequest},
                                Word{"rid", IdRole::kWeakRequest},
                                Word{"correlation", IdRole::kWeakRequest},
                                Word{"corr", IdRole::kWeakRequest},
                                Word{"tid", IdRole::kWeakAny},
                                Word{"tp", IdRole::kWeakAny},
                                Word{"callid", IdRole::kWeakAny},
                                Word{"xcorrelationid", IdRole::kCorrelation},
                                Word{"xrequestid", IdRole::kRequest},
                                Word{"xtraceid", IdRole::kTrace},
                                Word{"xb3traceid", IdRole::kTrace},
                                Word{"xb3spanid", IdRole::kSpan},
                                Word{"awsrequestid", IdRole::kRequest},
                                Word{"xamzntraceid", IdRole::kXray},
                                Word{"xrayid", IdRole::kXray},
                                Word{"xraytraceid", IdRole::kXray},
                                Word{"httprequestid", IdRole::kRequest},
                                Word{"ddtraceid", IdRole::kTrace},
                                Word{"oteltraceid", IdRole::kTrace},
                                Word{"otelspanid", IdRole::kSpan}};

/// Words that turn an id into one of something else.
constexpr std::array<std::string_view, 12> kOthers = {"parent",  "pull",   "merge",    "friend",
                                                      "feature", "access", "join",     "previous",
                                                      "prev",    "change", "original", "stack"};

/// A name in lower case without separators, and where its words begin.
class Normal {
 public:
  explicit Normal(std::string_view key) {
    if (key.size() > kSizeMax) key.remove_prefix(key.size() - kSizeMax);
    bool word_begins = true;
    char previous = '\0';
    for (const char c : key) {
      if (!is_alnum(c)) {
        word_begins = true;
        previous = c;
        continue;
      }
      if (is(c, kUpper) && is(previous, kLower | kDigit)) word_begins = true;
      begins_[size_] = word_begins;
      letters_[size_++] = to_lower(c);
      word_begins = false;
      previous = c;
    }
  }

  std::string_view letters() const { return {letters_.data(), size_}; }

  /// Cheap, and false for most words.
  bool may_end_with(std::string_view words) const {
    return size_ >= words.size() && letters_[size_ - words.size()] == words.front();
  }

  bool ends_with_words(std::string_view words) const {
    return size_ >= words.size() && letters().ends_with(words) && begins_[size_ - words.size()];
  }

  /// True if the word before the last `tail_size` letters is `word`.
  bool has_before(size_t tail_size, std::string_view word) const {
    return letters().substr(0, size_ - tail_size).ends_with(word);
  }

 private:
  static constexpr size_t kSizeMax = 64;
  std::array<char, kSizeMax> letters_;
  std::array<bool, kSizeMax> begins_;
  size_t size_ = 0;
};

/// Looks at the last two or three letters: few names end as ours do.
bool may_be_id_key(std::string_view key) {
  if (key.size() < 2) return false;
  const char before = to_lower(key[key.size() - 2]);
  switch (to_lower(key.back())) {
    case 'd':
      return before == 'i' && (key.size() == 2 || to_lower(key[key.size() - 3]) != 'p');
    case 'e':
      return before == 'c';
    case 'q':
      return before == 'e';
    case 't':
      return before == 'n' || before == 'o' || before == 's' || before == 'x';
    case 'n':
      return before == 'o';
    case 'r':
      return before == 'r' || before == 't';
    case 'p':
      return before == 't' || before == 's';
    case '3':
      return before == 'b';
    default:
      return false;
  }
}

IdRole role_of(const Normal& name) {
  if (name.letters().empty()) return IdRole::kNone;
  const std::string_view letters = name.letters();
  const char last = letters.back();
  for (const Word& word : kWholes) {
    if (word.letters.size() == letters.size() && word.letters.back() == last &&
        letters == word.letters) {
      return word.role;
    }
  }
  for (const Word& word : kSuffixes) {
    if (word.letters.back() != last || !name.may_end_with(word.letters)) continue;
    if (!name.ends_with_words(word.letters)) continue;
    for (const std::string_view other : kOthers) {
      if (name.has_before(word.letters.size(), other)) return IdRole::kNone;
    }
    if (word.role == IdRole::kTrace && letters.ends_with("amzntraceid")) return IdRole::kXray;
    if (word.role == IdRole::kTrace && letters.ends_with("ubertraceid")) return IdRole::kUber;
    return word.role;
  }
  return IdRole::kNone;
}

}  // namespace

bool is_word_of_others(std::string_view word) {
  return std::any_of(kOthers.begin(), kOthers.end(), [word](std::string_view other) {
    return equals_ignoring_case(word, other);
  });
}

IdRole classify_id_key(std::string_view key) {
  if (!may_be_id_key(key)) return IdRole::kNone;
  if (key == "@tr") return IdRole::kTrace;
  if (key == "@sp") return IdRole::kSpan;
  return role_of(Normal(key));
}

IdRole classify_id_key(std::string_view parent, std::string_view key) {
  if (!equals_ignoring_case(key, "id") && !equals_ignoring_case(key, "_id")) {
    return classify_id_key(key);
  }
  if (parent.empty() || parent.size() > 40) return IdRole::kNone;
  std::array<char, 48> joined;
  const size_t size = parent.copy(joined.data(), parent.size());
  joined[size] = '.';
  joined[size + 1] = 'i';
  joined[size + 2] = 'd';
  return role_of(Normal({joined.data(), size + 3}));
}

}  // namespace gasoline::understand
