#include "daemon/metrics_text.h"

#include <fmt/format.h>

namespace gasoline::daemon {

void MetricsText::head(std::string_view name, std::string_view type, std::string_view help) {
  text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void MetricsText::counter(std::string_view name, std::string_view help, uint64_t value) {
  head(name, "counter", help);
  text_ += fmt::format("{} {}\n", name, value);
}

void MetricsText::gauge(std::string_view name, std::string_view help, double value) {
  head(name, "gauge", help);
  text_ += fmt::format("{} {}\n", name, value);
}

void MetricsText::labelled(std::string_view name, std::string_view label,
                           std::string_view label_value, double value) {
  text_ += fmt::format("{}{{{}=\"", name, label);
  for (const char c : label_value) {
    if (c == '\n') {
      text_ += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') text_ += '\\';
    text_ += c;
  }
  text_ += fmt::format("\"}} {}\n", value);
}

}  // namespace gasoline::daemon
