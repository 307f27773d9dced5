#pragma once

#include "base/result.h"
#include "daemon/router.h"
#include "http/message.h"
#include "store/query.h"

namespace gasoline::daemon {

/// The parameters of a timeline, in the order in which they are documented.
std::vector<Parameter> timeline_parameters();

/// Reads them. An Error names the parameter and what is accepted.
Result<store::Query> read_timeline_query(const http::Request& request);

/// How long an answer may be, in tokens; 0: as long as it is.
Result<uint32_t> read_max_tokens(const http::Request& request);
/// Whether a timeline is to be ordered by corrected times.
Result<bool> read_correct_skew(const http::Request& request);

/// Likewise for a search: its q is the expression.
std::vector<Parameter> search_parameters();
Result<store::Search> read_search(const http::Request& request);

/// A tail has the filters of a timeline, and no pages: read_timeline_query() reads them.
std::vector<Parameter> tail_parameters();

}  // namespace gasoline::daemon
