#include "source/container/container_info.h"

#include <catch2/catch.hpp>

#include "source/container/container_stream.h"

namespace gasoline::source::container {
namespace {

ContainerInfo shop() {
  const auto list =
      parse_list(R"([{"Id":"0123","Names":["/shop-web-1"],"Image":"shop/web:2","State":"running",
    "Created":1795279764,"Labels":{"com.docker.compose.service":"web","env":"dev"}},{"Id":"","Names":[]}])");
  REQUIRE(list);
  REQUIRE(list->size() == 1);
  return list->front();
}

TEST_CASE("a list tells names, images, labels and what runs") {
  const ContainerInfo info = shop();
  CHECK(info.name == "shop-web-1");
  CHECK(info.is_running);
  CHECK(info.created_s == 1795279764);
  CHECK(info.label("env") == "dev");
  CHECK_FALSE(parse_list("{}"));
  CHECK_FALSE(parse_list("[{"));
}

TEST_CASE("the description beside a log tells the same as the list") {
  const auto info = parse_config_file(
      R"({"ID":"0123","Name":"/shop-web-1","State":{"Running":true},"Config":{"Image":"shop/web:2",
    "Labels":{"com.docker.compose.service":"web","env":"dev"}}})");
  REQUIRE(info);
  const ContainerInfo listed = shop();
  CHECK(info->id == listed.id);
  CHECK(info->name == listed.name);
  CHECK(info->image == listed.image);
  CHECK(info->labels == listed.labels);
  CHECK(info->is_running);
  CHECK(metadata_of(*info) ==
        R"("container":"shop-web-1","container_id":"0123","image":"shop/web:2")");
  CHECK_FALSE(parse_config_file(R"({"Name":"/"})"));
  CHECK_FALSE(parse_config_file("{"));
}

TEST_CASE("filters ask for every label, one of the names and one of the images") {
  const ContainerInfo info = shop();
  const auto is_wanted_by = [&](std::vector<std::string> labels, std::vector<std::string> names,
                                std::vector<std::string> images) {
    config::SourceSettings settings;
    settings.labels = std::move(labels);
    settings.names = std::move(names);
    settings.images = std::move(images);
    return is_wanted(info, settings);
  };
  CHECK(is_wanted_by({}, {}, {}));
  CHECK(is_wanted_by({"env", "env=dev"}, {"x", "shop-*"}, {"shop/*"}));
  CHECK_FALSE(is_wanted_by({"env=prod"}, {}, {}));
  CHECK_FALSE(is_wanted_by({"none"}, {}, {}));
  CHECK_FALSE(is_wanted_by({}, {"shop"}, {}));
  CHECK_FALSE(is_wanted_by({}, {}, {"redis*"}));
}

TEST_CASE("service and tags come from the settings, from Compose, from the container") {
  const ContainerInfo info = shop();
  config::SourceSettings settings;
  CHECK(service_of(info, settings) == "web");
  settings.service = "mine";
  settings.tags = {"team:a"};
  CHECK(service_of(info, settings) == "mine");
  CHECK(tags_of(info, settings) ==
        std::vector<std::string>{"team:a", "container:shop-web-1", "image:shop/web:2",
                                 "com.docker.compose.service:web", "env:dev"});
}

TEST_CASE("details tell a terminal, rotation and the file") {
  const auto details = parse_details(
      R"({"LogPath":"/l","Config":{"Tty":true},"HostConfig":{"LogConfig":{"Type":"json-file","Config":{"max-size":"1m"}}}})");
  REQUIRE(details);
  CHECK(details->has_terminal);
  CHECK(details->is_rotated);
  CHECK(details->log_path == "/l");
  CHECK_FALSE(parse_details("{}"));
  CHECK(error_message(R"({"message":"no"})") == "no");
  CHECK(error_message("plain") == "plain");
}

TEST_CASE("a read deadline that never counts is refused") {
  StreamLimits limits;
  CHECK(limits.check());
  limits.read_deadline_us = limits.whole_us;
  CHECK_FALSE(limits.check());
  limits.read_deadline_us = 0;
  CHECK_FALSE(limits.check());
}

}  // namespace
}  // namespace gasoline::source::container
