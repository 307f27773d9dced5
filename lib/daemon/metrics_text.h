#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gasoline::daemon {

/// Builds a page in Prometheus' text exposition format 0.0.4. Metric names and label names are
/// literal; label values may be anything and are escaped.
class MetricsText {
 public:
  void counter(std::string_view name, std::string_view help, uint64_t value);
  void gauge(std::string_view name, std::string_view help, double value);

  /// Several values of one metric that differ in one label: head() once, then a labelled() each.
  void head(std::string_view name, std::string_view type, std::string_view help);
  void labelled(std::string_view name, std::string_view label, std::string_view label_value,
                double value);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace gasoline::daemon
