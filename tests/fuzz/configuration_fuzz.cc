// Any bytes in the place of a configuration are refused with complaints that a line can hold, or
// read; and what is read comes out of `config print` as a configuration of the same settings.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "config/configuration.h"
#include "config/difference.h"
#include "config/print.h"

using namespace gasoline;
using namespace gasoline::config;

namespace {

Reading read(std::string_view text) {
  return read_configuration(text, "c.yaml", {"/home/me", {"jwt", "aws-access-key"}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const Reading reading = read({reinterpret_cast<const char*>(bytes), size});
  for (const Complaint& error : reading.errors) {
    GASOLINE_ASSERT(!error.what.empty());
    GASOLINE_ASSERT(error.place.line >= 0 && static_cast<size_t>(error.place.line) <= size + 1);
  }
  if (!reading.errors.empty()) return 0;
  const Reading again = read(print_settings(reading.configuration));
  GASOLINE_ASSERT(again.errors.empty());
  const Settings& settings = reading.configuration.settings;
  GASOLINE_ASSERT(again.configuration.settings == settings);
  GASOLINE_ASSERT(difference(settings, again.configuration.settings).at_once.empty());
  return 0;
}
