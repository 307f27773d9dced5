#include "config/config_file.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "support/temporary_directory.h"

namespace gasoline::config {
namespace {

Environment environment_of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto at = variables.find(std::string(name));
    return at == variables.end() ? std::nullopt : std::optional(at->second);
  };
}

void write(const std::string& path, const std::string& text) {
  REQUIRE(make_private_directories(path.substr(0, path.rfind('/'))));
  std::ofstream(path) << text;
}

TEST_CASE("the file is looked for where XDG says, else in ~/.config, else in ~/.gasoline") {
  const test::TemporaryDirectory directory;
  Places places;
  places.home = directory.path() + "/home";
  const Environment plain = environment_of({});
  CHECK(find_config_file(plain, places).path == places.home + "/.config/gasoline/config.yaml");
  CHECK_FALSE(find_config_file(plain, places).exists);
  write(places.home + "/.gasoline/config.yaml", "");
  CHECK(find_config_file(plain, places).path == places.home + "/.gasoline/config.yaml");
  write(places.home + "/.config/gasoline/config.yaml", "");
  CHECK(find_config_file(plain, places).path == places.home + "/.config/gasoline/config.yaml");
  const Environment xdg = environment_of({{"XDG_CONFIG_HOME", directory.path() + "/xdg"}});
  write(directory.path() + "/xdg/gasoline/config.yaml", "");
  CHECK(find_config_file(xdg, places).path == directory.path() + "/xdg/gasoline/config.yaml");
  CHECK(find_config_file(xdg, places).exists);
  CHECK(find_config_file(plain, Places{}).path.empty());
}

TEST_CASE("a file that cannot be read is an error that names it") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/config.yaml";
  Reading reading = read_config_file(path, {});
  REQUIRE(reading.errors.size() == 1);
  CHECK(reading.errors[0].to_string() ==
        path + ": the file cannot be read: No such file or directory");
  CHECK(read_config_file(directory.path(), {}).errors.size() == 1);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  reading = read_config_file(path, {});
  REQUIRE(reading.errors.size() == 1);
  CHECK(reading.errors[0].what.find("no regular file") != std::string::npos);
  ::remove(path.c_str());
  write(path, "events: {ttl: 2h}\n");
  reading = read_config_file(path, {});
  CHECK(reading.errors.empty());
  CHECK(reading.configuration.file == path);
  CHECK(reading.configuration.settings.ttl_us == 7'200'000'000);
  write(path, std::string(2 << 20, '#'));
  CHECK(read_config_file(path, {}).errors.size() == 1);
}

}  // namespace
}  // namespace gasoline::config
