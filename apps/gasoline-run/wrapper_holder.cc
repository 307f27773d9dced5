#include <algorithm>

#include "process/keeper.h"
#include "process/process_tree.h"
#include "spool/hand_over.h"
#include "wrapper.h"

// The part of the wrapper that sees to it that somebody goes on with its run after a kill -9.
namespace gasoline::run {

/// Before the child is there, so that there is no moment of its life without a holder, if the daemon
/// is there. Nothing waits for it.
void Wrapper::hold() {
  const bool can_be_held = rings_ && !lanes_.empty() &&
                           std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) {
                             return lane.staging.read_end.is_open();
                           });
  if (!can_be_held) return;
  auto held = spool::HeldRun::make();
  if (!held || !put_into_escrow(*held)) return;
  held_.emplace(std::move(*held));
  stand_ins_.set_on_made([this](int fd, const termios& before, const termios& made) {
    static_cast<void>(held_->put_terminal(fd, before, made));
  });
  capture::HolderLink::Options options;
  options.socket_path = spool::hand_over_socket_path(places_.socket_path());
  options.guardian_program = process::find_keeper_program();
  options.request.run_id = run_.run_id;
  options.request.service = run_.service;
  holder_ = std::make_unique<capture::HolderLink>(loop_, clock_, std::move(options), *held_, [] {
    // Asked of somebody who has taken a run over; this one has its user.
  });
  holder_->start();
}

bool Wrapper::put_into_escrow(spool::HeldRun& held) {
  if (!held.put_settings(held_settings(), rings_->lock_descriptor())) return false;
  return std::all_of(lanes_.begin(), lanes_.end(), [&held](const Lane& lane) {
    return held
        .put_stream(lane.stream, lane.our_end.get(), lane.staging.read_end.get(),
                    lane.staging.write_end.get())
        .has_value();
  });
}

spool::HeldSettings Wrapper::held_settings() const {
  spool::HeldSettings settings;
  settings.ring_directory = rings_->path();
  settings.holder_path = spool::hand_over_socket_path(places_.socket_path());
  settings.socket_path = target_.unix_path;
  settings.url = url_;
  settings.spool_size_bytes_max = options_.spool_size_bytes_max;
  settings.sync_policy = static_cast<uint64_t>(options_.sync);
  settings.is_lossless = options_.lossless;
  return settings;
}

void Wrapper::tell_holder_of_child() {
  const FileDescriptor child = process::open_process(child_);
  if (child.is_open()) static_cast<void>(held_->put_child(child_, started_members(), child.get()));
}

/// A ring that is not all there cannot be gone on with.
void Wrapper::lose_holder(const std::string& why) {
  std::call_once(lost_holder_, [&] {
    if (held_) held_->withdraw();
    warn("a kill -9 of gasoline-run would lose lines from here on: " + why);
  });
}

}  // namespace gasoline::run
