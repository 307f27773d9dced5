#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace gasoline::bench {

/// One labelled line of a corpus file (JSON lines, plain or gzip). Absent labels are nullopt.
struct LabelledLine {
  struct Secret {
    size_t start;  ///< in bytes of raw
    size_t end;
    std::string kind;
  };

  std::string id;
  std::string raw;
  std::optional<int64_t> timestamp_ms;
  std::optional<std::string> level;
  std::optional<std::string> correlation_id;
  std::optional<std::string> trace_id;
  std::optional<std::string> span_id;
  std::optional<std::string> request_id;
  std::optional<std::string> message;
  std::vector<std::string> accept;  ///< other ids that are right too
  std::string id_context;           ///< keyed, bracketed, bare
  std::string timestamp_assumed;    ///< tz, year, date: what the text does not say
  std::optional<int64_t> zone_minutes;
  bool standard = false;
  bool doubtful = false;
  bool continues = false;  ///< a later line of the record that `group` names
  int64_t group = -1;      ///< lines of one record share it, within a variant; -1: alone
  std::string variant;
  bool is_secret_line =
      false;  ///< of a secrets file: `secrets` lists all, none means a hard negative
  std::string negative_kind;
  std::vector<Secret> secrets;
};

/// Reads a whole corpus file. An unreadable line is an error that names it.
Result<std::vector<LabelledLine>> read_corpus(const std::string& path);

}  // namespace gasoline::bench
