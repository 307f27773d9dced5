#include "understand/id_key.h"

#include <algorithm>
#include <array>
#include <bit>

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

  bool ends_with_words(std::string_view words) const {
    return letters().ends_with(words) && begins_[size_ - words.size()];
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

/// Tells by a name's last letters which of a list of words it may end with: bit i for words[i].
class LastLetters {
 public:
  template <size_t kCount>
  constexpr explicit LastLetters(const std::array<Word, kCount>& words) {
    static_assert(kCount <= 32);
    for (size_t i = 0; i < kCount; ++i) {
      const std::string_view letters = words[i].letters;
      for (size_t back = 0; back < kLooked; ++back) {
        // A word that is shorter than this goes with every letter.
        const bool any = back >= letters.size();
        const size_t letter = any ? 0 : static_cast<uint8_t>(letters[letters.size() - 1 - back]);
        for (size_t c = 0; c < 128; ++c) words_[back][c] |= uint32_t{any || c == letter} << i;
      }
    }
  }

  /// The words that may end `letters`, which are ASCII.
  constexpr uint32_t candidates(std::string_view letters) const {
    uint32_t bits = ~0u;
    for (size_t back = 0; back < kLooked && back < letters.size(); ++back) {
      bits &= words_[back][static_cast<uint8_t>(letters[letters.size() - 1 - back])];
    }
    return bits;
  }

 private:
  static constexpr size_t kLooked = 4;
  std::array<std::array<uint32_t, 128>, kLooked> words_{};
};

constexpr LastLetters kLastOfWholes(kWholes);
constexpr LastLetters kLastOfSuffixes(kSuffixes);

/// The letters, as bits, that may stand before the last letter of a name with a role.
constexpr std::array<uint32_t, 256> make_letters_before() {
  constexpr std::array<std::string_view, 8> kEnds = {"di",  "ec",  "qe",  "tnosx",
                                                     "no",  "rrt", "pts", "3b"};
  std::array<uint32_t, 256> before{};
  for (const std::string_view end : kEnds) {
    for (const char letter : end.substr(1)) {
      before[static_cast<uint8_t>(end[0])] |= 1u << (letter - 'a');
    }
  }
  for (size_t c = 'a'; c <= 'z'; ++c) before[c - 'a' + 'A'] = before[c];
  return before;
}

constexpr std::array<uint32_t, 256> kLettersBefore = make_letters_before();

IdRole role_of(const Normal& name) {
  const std::string_view letters = name.letters();
  if (letters.empty()) return IdRole::kNone;
  for (uint32_t bits = kLastOfWholes.candidates(letters); bits != 0; bits &= bits - 1) {
    const Word& word = kWholes[static_cast<size_t>(std::countr_zero(bits))];
    if (letters == word.letters) return word.role;
  }
  for (uint32_t bits = kLastOfSuffixes.candidates(letters); bits != 0; bits &= bits - 1) {
    const Word& word = kSuffixes[static_cast<size_t>(std::countr_zero(bits))];
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

bool may_end_id_key(std::string_view text) {
  if (text.size() < 2) return false;
  const auto before = static_cast<uint8_t>((text[text.size() - 2] | 0x20) - 'a');
  if (before >= 26) return false;
  const auto last = static_cast<uint8_t>(text.back());
  if ((kLettersBefore[last] >> before & 1) == 0) return false;
  // Of the names that end in "id" only those of processes are common.
  return (last | 0x20) != 'd' || text.size() == 2 || to_lower(text[text.size() - 3]) != 'p';
}

IdRole classify_id_key(std::string_view key) {
  if (!may_end_id_key(key)) return IdRole::kNone;
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
