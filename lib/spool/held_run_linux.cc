#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/bytes.h"
#include "base/ids.h"
#include "spool/held_run.h"

namespace gasoline::spool {
namespace {

constexpr char kVersion = 2;  // 1 is a HandOver's
enum Part : size_t { kSettings, kChild, kTerminal, kStdout, kStderr };

Part part_of(Stream stream) {
  return stream == Stream::kStdout ? kStdout : kStderr;
}

Error unknown() {
  return Error::of(Error::kInvalid, "go on with a run", "what its wrapper left is of no known kind");
}

std::string to_text(const HeldSettings& settings) {
  std::string text;
  append_text_member(text, "rings", settings.ring_directory);
  append_text_member(text, "holder", settings.holder_path);
  append_text_member(text, "socket", settings.socket_path);
  append_text_member(text, "url", settings.url);
  append_text_member(text, "spool_size_bytes_max", std::to_string(settings.spool_size_bytes_max));
  append_text_member(text, "sync", std::to_string(settings.sync_policy));
  append_text_member(text, "lossless", settings.is_lossless ? "1" : "0");
  return text;
}

HeldSettings parse_settings(std::string_view text) {
  HeldSettings settings;
  for_each_text_member(text, [&settings](std::string_view name, const std::string& value) {
    const auto number = [&value](uint64_t& to) {
      std::from_chars(value.data(), value.data() + value.size(), to);
    };
    if (name == "rings") settings.ring_directory = value;
    if (name == "holder") settings.holder_path = value;
    if (name == "socket") settings.socket_path = value;
    if (name == "url") settings.url = value;
    if (name == "spool_size_bytes_max") number(settings.spool_size_bytes_max);
    if (name == "sync") number(settings.sync_policy);
    if (name == "lossless") settings.is_lossless = value == "1";
  });
  return settings;
}

std::optional<HeldTerminal> parse_terminal(DescriptorMessage message) {
  if (message.text.size() != 2 * sizeof(termios) || message.descriptors.size() != 1) return {};
  HeldTerminal terminal;
  std::memcpy(&terminal.before, message.text.data(), sizeof(termios));
  std::memcpy(&terminal.made, message.text.data() + sizeof(termios), sizeof(termios));
  terminal.fd = std::move(message.descriptors[0]);
  return terminal;
}

}  // namespace

Result<Escrow> Escrow::make() {
  auto ends = make_socket_pair();
  if (!ends) return ends.error();
  return Escrow(std::move(*ends));
}

Status Escrow::put(std::string_view text, std::span<const int> descriptors) {
  return send_message(ends_.first.get(), text, descriptors);
}

void Escrow::withdraw() {
  static_cast<void>(take_from_escrow(ends_.second.get()));
}

std::optional<DescriptorMessage> take_from_escrow(int receiving_end) {
  std::optional<DescriptorMessage> last;
  while (!is_escrow_empty(receiving_end)) {
    auto message = receive_message(receiving_end);
    if (!message || !message->has_value()) break;
    last = std::move(*message);
  }
  return last;
}

bool is_escrow_empty(int receiving_end) {
  int waiting = 0;
  return ::ioctl(receiving_end, FIONREAD, &waiting) != 0 || waiting == 0;
}

Result<HeldRun> HeldRun::make() {
  std::vector<Escrow> parts;
  while (parts.size() < kParts) {
    auto part = Escrow::make();
    if (!part) return part.error();
    parts.push_back(std::move(*part));
  }
  return HeldRun(std::move(parts));
}

Status HeldRun::put_settings(const HeldSettings& settings, int lock) {
  return parts_[kSettings].put(to_text(settings), std::array{lock});
}

Status HeldRun::put_child(pid_t child, std::string_view started, int pidfd) {
  std::string text = std::to_string(child) + ' ';
  text += started;
  return parts_[kChild].put(text, std::array{pidfd});
}

Status HeldRun::put_terminal(int fd, const termios& before, const termios& made) {
  std::string text(reinterpret_cast<const char*>(&before), sizeof before);
  text.append(reinterpret_cast<const char*>(&made), sizeof made);
  // The last one counts; more than one is there only in this instant.
  auto earlier = receive_message(parts_[kTerminal].receiving_end());
  return parts_[kTerminal].put(text, std::array{fd});
}

Status HeldRun::put_stream(Stream stream, int child_end, int staging_read, int staging_write) {
  const std::string text(1, static_cast<char>(stream));
  return parts_[part_of(stream)].put(text, std::array{child_end, staging_read, staging_write});
}

void HeldRun::withdraw_stream(Stream stream) {
  parts_[part_of(stream)].withdraw();
}

void HeldRun::withdraw() {
  for (Escrow& part : parts_) part.withdraw();
}

std::array<int, HeldRun::kParts> HeldRun::receiving_ends() const {
  std::array<int, kParts> ends{};
  for (size_t i = 0; i < kParts; ++i) ends[i] = parts_[i].receiving_end();
  return ends;
}

bool is_left(const HeldParts& parts) {
  return parts.size() == HeldRun::kParts && !is_escrow_empty(parts[kSettings].get());
}

Result<TakenRun> take_run(const HeldParts& parts) {
  if (parts.size() != HeldRun::kParts) return unknown();
  TakenRun run;
  auto settings = take_from_escrow(parts[kSettings].get());
  if (!settings || settings->descriptors.size() != 1) return unknown();
  run.settings = parse_settings(settings->text);
  run.lock = std::move(settings->descriptors[0]);
  if (auto child = take_from_escrow(parts[kChild].get()); child && child->descriptors.size() == 1) {
    const std::string_view text = child->text;
    std::from_chars(text.data(), text.data() + text.size(), run.child);
    run.started = text.substr(std::min(text.find(' '), text.size() - 1) + 1);
    run.pidfd = std::move(child->descriptors[0]);
  }
  if (auto terminal = take_from_escrow(parts[kTerminal].get())) {
    run.terminal = parse_terminal(std::move(*terminal));
  }
  for (const Stream stream : {Stream::kStdout, Stream::kStderr}) {
    auto part = take_from_escrow(parts[part_of(stream)].get());
    if (!part) continue;
    const bool is_known = part->text == std::string(1, static_cast<char>(stream)) &&
                          part->descriptors.size() == 3;
    if (!is_known) return unknown();
    run.streams.push_back({stream, std::move(part->descriptors[0]), std::move(part->descriptors[1]),
                           std::move(part->descriptors[2])});
  }
  return run;
}

bool is_hold_request(std::string_view text) {
  return !text.empty() && text.front() == kVersion;
}

Status send_hold_request(int socket, const HoldRequest& request,
                         std::span<const int> receiving_ends) {
  std::string text(1, kVersion);
  append_sized(text, request.run_id);
  append_sized(text, request.service);
  append_varint(text, request.takeovers);
  append_varint(text, static_cast<uint64_t>(request.since_us));
  return send_message(socket, text, receiving_ends);
}

Result<HoldRequest> parse_hold_request(const DescriptorMessage& message) {
  std::string_view rest = message.text;
  std::string_view run_id;
  std::string_view service;
  uint64_t since_us = 0;
  HoldRequest request;
  if (!is_hold_request(rest)) return unknown();
  rest.remove_prefix(1);
  const bool is_whole = take_sized(rest, run_id) && take_sized(rest, service) &&
                        take_varint(rest, request.takeovers) && take_varint(rest, since_us);
  const bool is_known = is_whole && is_ulid(run_id) &&
                        message.descriptors.size() == HeldRun::kParts && since_us <= INT64_MAX;
  if (!is_known) return unknown();
  request.run_id = run_id;
  request.service = service;
  request.since_us = static_cast<int64_t>(since_us);
  return request;
}

}  // namespace gasoline::spool
