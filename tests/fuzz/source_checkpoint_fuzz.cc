// Checkpoints of sources, with checksums that are right over any bytes: refused or read, and what is
// read is written and read again as the same. The first byte says of which source.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "source/file/checkpoint.h"
#include "source/kept_text.h"
#include "source/ssh/ssh_checkpoint.h"

namespace {

using namespace gasoline;

void check_file(std::string bytes) {
  std::array<char, 4> crc{};
  store_le(crc.data(), crc32c(bytes.data(), bytes.size()));
  bytes.append(crc.data(), crc.size());
  const auto checkpoint = source::decode_checkpoint(bytes);
  if (!checkpoint) return;
  const std::string written = source::encode(*checkpoint);
  const auto again = source::decode_checkpoint(written);
  GASOLINE_ASSERT(again.has_value());
  GASOLINE_ASSERT(source::encode(*again) == written);
}

void check_ssh(std::string text) {
  const auto unsealed = source::unseal_text(source::seal_text(text));
  GASOLINE_ASSERT(unsealed.has_value() && *unsealed == text);
  const auto checkpoint = source::ssh::Checkpoint::parse(text);
  if (!checkpoint) return;
  const std::string written = checkpoint->to_text();
  const auto again = source::ssh::Checkpoint::parse(written);
  GASOLINE_ASSERT(again.has_value());
  GASOLINE_ASSERT(again->to_text() == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  static_cast<void>(source::decode_checkpoint(text).has_value());
  static_cast<void>(source::unseal_text(text).has_value());
  if (bytes[0] % 2 == 0) {
    check_file(std::string(text));
  } else {
    check_ssh(std::string(text));
  }
  return 0;
}
