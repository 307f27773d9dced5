#include "source/file/rotated_names.h"

#include <catch2/catch.hpp>

#include <string>

namespace gasoline::source {
namespace {

TEST_CASE("names that a rotation gives are told from neighbours") {
  for (const char* name :
       {"app.log.1", "app.log.12.gz", "app.log-20261121", "app.log-20261121-1795228626.zst",
        "app-20261121.log", "app-2026-11-21.log.gz", "app.1.log", "app.log.2026-11-21T06:00:00",
        "app.log.old", "app.log.gz"}) {
    INFO(name);
    CHECK(is_rotated_name(name, "app.log"));
  }
  for (const char* name : {"app.log", "app.log.swp", "app.logs", "application.log", "app2.log",
                           "app.error.log", "other.log.1", "app.log.tmp", "app.", "1", ""}) {
    INFO(name);
    CHECK_FALSE(is_rotated_name(name, "app.log"));
  }
  CHECK(is_rotated_name("syslog.1", "syslog"));
  CHECK(is_rotated_name("syslog-20261121.gz", "syslog"));
  CHECK_FALSE(is_rotated_name("syslog2", "syslog"));
}

TEST_CASE("names that differ in their digits only have one form") {
  CHECK(has_same_form("app-1.log", "app-22.log"));
  CHECK(has_same_form("app-2026-11-21.log", "app-2026-01-02.log"));
  CHECK(has_same_form("app.log", "app.log"));
  CHECK_FALSE(has_same_form("app-1.log", "app-.log"));
  CHECK_FALSE(has_same_form("app-1.log", "api-1.log"));
  CHECK_FALSE(has_same_form("app-1.log.1", "app-1.log"));
}

TEST_CASE("a service is called as its file, without what rotations and dates add") {
  const auto service = [](const char* path) { return std::string(service_of_path(path)); };
  CHECK(service("/var/log/shop.log") == "shop");
  CHECK(service("/var/log/shop.log.1") == "shop");
  CHECK(service("/var/log/shop.log.12.gz") == "shop");
  CHECK(service("/var/log/shop-2026-11-21.log") == "shop");
  CHECK(service("/var/log/web2.log") == "web2");
  CHECK(service("/var/log/syslog") == "syslog");
  CHECK(service("error_log") == "error_log");
  CHECK(service("/var/log/.hidden") == ".hidden");
  CHECK_FALSE(service("/var/log/2026-11-21.log").empty());
}

}  // namespace
}  // namespace gasoline::source
