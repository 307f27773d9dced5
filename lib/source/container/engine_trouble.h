#pragma once

#include <string>

#include "base/result.h"

namespace gasoline::source::container {

/// Why an engine is not heard, in plain words, and the command that mends it.
struct EngineTrouble {
  std::string what;
  std::string remedy;  ///< empty where nothing is known
};

/// `error`: of connecting to `socket`, or of asking there.
EngineTrouble explain_engine(const Error& error, const std::string& socket);

}  // namespace gasoline::source::container
