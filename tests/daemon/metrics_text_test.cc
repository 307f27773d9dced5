#include "daemon/metrics_text.h"

#include <catch2/catch.hpp>

namespace gasoline::daemon {
namespace {

TEST_CASE("counters and gauges are written with their help and type") {
  MetricsText page;
  page.counter("events_total", "Events taken.", 18'446'744'073'709'551'615u);
  page.gauge("queue_bytes", "Bytes that wait.", 0.5);
  CHECK(page.text() ==
        "# HELP events_total Events taken.\n# TYPE events_total counter\n"
        "events_total 18446744073709551615\n"
        "# HELP queue_bytes Bytes that wait.\n# TYPE queue_bytes gauge\nqueue_bytes 0.5\n");
}

TEST_CASE("a label's value may be anything and cannot break out of its quotes") {
  MetricsText page;
  page.head("events", "gauge", "By source.");
  page.labelled("events", "source", "stdout:auth", 3);
  page.labelled("events", "source", "a\"} 1\nfake{b=\"c\\", 4);
  CHECK(page.text() ==
        "# HELP events By source.\n# TYPE events gauge\n"
        "events{source=\"stdout:auth\"} 3\n"
        "events{source=\"a\\\"} 1\\nfake{b=\\\"c\\\\\"} 4\n");
}

}  // namespace
}  // namespace gasoline::daemon
