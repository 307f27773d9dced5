#include "spool/dead_run.h"

#include <cerrno>

#include "base/ids.h"
#include "spool/spool_directory.h"

namespace gasoline::spool {
namespace {

std::string_view name_of(std::string_view directory) {
  return directory.substr(directory.rfind('/') + 1);
}

}  // namespace

Result<std::optional<DeadRun>> take_dead_run(io::FileSystem& files, const Clock& clock,
                                             Random& random, const RingRecovery& rings,
                                             const std::string& directory) {
  const bool is_described = files.status(directory + "/" + kRunFileName).has_value();
  const int64_t born_us = ulid_time_us(name_of(directory));
  if (!is_described && clock.wall_us() - born_us < kBirthUsMax) return {std::nullopt};
  // Its rings come first: the events in them follow what is in the journal.
  if (rings.has_rings(std::string(name_of(directory)))) return {std::nullopt};
  if (!files.status(directory + "/lock")) {
    // Without a journal: all that an adopter's death left, or what the daemon refused of the run.
    static_cast<void>(remove_run(files, directory));
    return {std::nullopt};
  }
  journal::WriterOptions options;
  options.pool_directory = pool_directory(directory.substr(0, directory.rfind('/')));
  auto lock = journal::Writer::open(files, directory, std::move(options), clock, random);
  if (!lock && lock.error().code == Error::kLocked) return {std::nullopt};
  if (!lock) return lock.error();
  auto run = read_run_description(files, directory);
  if (!run && (run.error().code == ENOENT || !is_described)) {
    // Never described, or removed by its wrapper just before we made it anew by locking.
    static_cast<void>(remove_run(files, directory));
    return {std::nullopt};
  }
  if (!run) return run.error();
  auto reader = SpoolReader::open(files, directory, *run);
  if (!reader) return reader.error();
  return {DeadRun{directory, std::move(*run), std::move(*lock), std::move(*reader)}};
}

}  // namespace gasoline::spool
