#include <cerrno>
#include <vector>

#include "base/bytes.h"
#include "spool/descriptor_socket.h"
#include "spool/hand_over.h"

namespace gasoline::spool {
namespace {

constexpr char kVersion = 1;
constexpr char kConfirmation = 'k';

std::string to_packet(const HandOver& hand_over) {
  std::string packet(1, kVersion);
  append_sized(packet, to_text(hand_over.run));
  append_varint(packet, hand_over.next_seq);
  append_varint(packet, hand_over.streams.size());
  for (const HandOver::TakenStream& taken : hand_over.streams) {
    packet.push_back(static_cast<char>(taken.stream));
    append_varint(packet, taken.next_line);
  }
  return packet;
}

/// Reads a packet whose descriptors are `fds`, which it takes over.
Result<HandOver> parse_packet(std::string_view packet, std::vector<FileDescriptor> fds) {
  const Error bad =
      Error::of(Error::kInvalid, "take over streams", "the message is not of this version");
  HandOver hand_over;
  std::string_view run;
  uint64_t count = 0;
  if (packet.empty() || packet.front() != kVersion) return bad;
  packet.remove_prefix(1);
  if (!take_sized(packet, run) || !take_varint(packet, hand_over.next_seq) ||
      !take_varint(packet, count) || count != fds.size() || count == 0) {
    return bad;
  }
  auto parsed = parse_run_description(run);
  if (!parsed) return parsed.error();
  hand_over.run = std::move(*parsed);
  for (FileDescriptor& fd : fds) {
    if (packet.empty()) return bad;
    HandOver::TakenStream taken;
    taken.stream = static_cast<Stream>(packet.front());
    packet.remove_prefix(1);
    const bool is_known = taken.stream == Stream::kStdout || taken.stream == Stream::kStderr;
    if (!is_known || !take_varint(packet, taken.next_line)) return bad;
    taken.read_end = std::move(fd);
    hand_over.streams.push_back(std::move(taken));
  }
  return hand_over;
}

}  // namespace

std::string hand_over_socket_path(const std::string& runtime_socket_path) {
  return runtime_socket_path.substr(0, runtime_socket_path.rfind('/')) + "/handover.sock";
}

bool is_hand_over(std::string_view text) {
  return !text.empty() && text.front() == kVersion;
}

Status send_hand_over(const std::string& socket_path, const HandOver& hand_over,
                      int64_t timeout_us) {
  constexpr std::string_view kDoing = "hand streams over to the daemon";
  auto socket = connect_to_socket(socket_path);
  if (!socket) return socket.error();
  std::vector<int> ends;
  for (const HandOver::TakenStream& taken : hand_over.streams) ends.push_back(taken.read_end.get());
  if (ends.size() > HandOver::kStreamsMax) {
    return Error::of(Error::kTooLarge, kDoing, "there are too many");
  }
  if (Status sent = send_message(socket->get(), to_packet(hand_over), ends); !sent) return sent;
  if (!wait_for_message(socket->get(), static_cast<int>(timeout_us / 1000))) {
    return Error::of(Error::kTimedOut, kDoing, "it does not answer");
  }
  auto word = receive_message(socket->get());
  if (word && word->has_value() && (*word)->text.front() == kConfirmation) return {};
  return Error::of(Error::kClosed, kDoing, "it did not take them");
}

Result<HandOver> take_hand_over(int connection, DescriptorMessage message) {
  auto hand_over = parse_packet(message.text, std::move(message.descriptors));
  if (!hand_over) return hand_over;
  if (Status sent = send_message(connection, {&kConfirmation, 1}, {}); !sent) return sent.error();
  return hand_over;
}

}  // namespace gasoline::spool
