#include "capture/holder_link.h"

#include <algorithm>
#include <utility>

#include "process/child.h"
#include "process/keeper.h"

namespace gasoline::capture {
namespace {

constexpr int64_t kQuickLossUs = 1'000'000;
constexpr int kQuickLossesMax = 3;

}  // namespace

HolderLink::HolderLink(loop::Loop& loop, const Clock& clock, Options options,
                       const spool::HeldRun& held, std::function<void()> on_end)
    : loop_(loop),
      clock_(clock),
      options_(std::move(options)),
      held_(held),
      on_end_(std::move(on_end)),
      retry_(loop, [this] { look_for_holder(); }) {
  retry_.set_keeps_loop_alive(false);
}

HolderLink::~HolderLink() {
  stopgap_.dismiss();  // before it can take the closing of our end for our death
  poll_.reset();
  connection_.reset();
  reap_guardian();
}

void HolderLink::end() {
  retry_.stop();
  stopgap_.leave_behind();
  stopgap_connection_.reset();
  poll_.reset();
  connection_.reset();
  reap_guardian();
}

void HolderLink::start() {
  alone_since_us_ = clock_.monotonic_us();
  look_for_holder();
}

void HolderLink::look_for_holder() {
  reap_guardian();
  const int64_t alone_us = clock_.monotonic_us() - alone_since_us_;
  // One that goes away at once is of another version, or has too many already.
  const bool may_ask = quick_losses_ < kQuickLossesMax;
  if (may_ask && ask_daemon()) return;
  const bool is_patient = may_ask && alone_us < options_.guardian_delay_us;
  if (!is_patient && start_guardian()) return;
  start_stopgap();
  retry_.start(retry_delay_us_);
  retry_delay_us_ = std::min(2 * retry_delay_us_, kRetryDelayMaxUs);
}

bool HolderLink::ask_daemon() {
  if (options_.socket_path.empty()) return false;
  auto connection = spool::connect_to_socket(options_.socket_path);
  return connection && send_request(std::move(*connection));
}

bool HolderLink::start_guardian() {
  if (options_.guardian_program.empty()) return false;
  auto ends = spool::make_socket_pair();
  if (!ends) return false;
  const auto pid = process::start_keeper(options_.guardian_program, ends->second.get());
  if (!pid) return false;
  guardian_ = *pid;
  ++guardians_started_;
  return send_request(std::move(ends->first));
}

/// The run must not be lost with us if we are killed while we look for a holder.
void HolderLink::start_stopgap() {
  if (stopgap_.is_there() || options_.guardian_program.empty()) return;
  auto ends = spool::make_socket_pair();
  if (!ends) return;
  const auto receiving_ends = held_.receiving_ends();
  if (!spool::send_hold_request(ends->first.get(), options_.request, receiving_ends)) return;
  if (!stopgap_.start(options_.guardian_program, ends->second.get())) return;
  stopgap_connection_ = std::move(ends->first);
}

bool HolderLink::send_request(FileDescriptor connection) {
  const auto ends = held_.receiving_ends();
  if (!spool::send_hold_request(connection.get(), options_.request, ends)) return false;
  connection_ = std::move(connection);
  stopgap_.dismiss();
  stopgap_connection_.reset();
  asked_at_us_ = clock_.monotonic_us();
  retry_delay_us_ = kRetryDelayMinUs;
  poll_ = std::make_unique<loop::Poll>(loop_, [this](int, const Error*) { on_readable(); });
  if (!poll_->start(connection_.get(), UV_READABLE)) poll_.reset();
  return true;
}

void HolderLink::on_readable() {
  auto message = spool::receive_message(connection_.get());
  if (!message) return lose_holder();
  if (message->has_value() && (*message)->text == spool::kEndRunWord) on_end_();
}

/// It is gone, so it cannot take our closing for our end.
void HolderLink::lose_holder() {
  poll_.reset();
  connection_.reset();
  const int64_t now_us = clock_.monotonic_us();
  quick_losses_ = now_us - asked_at_us_ < kQuickLossUs ? quick_losses_ + 1 : 0;
  alone_since_us_ = now_us;
  start_stopgap();
  retry_.start(retry_delay_us_);
  retry_delay_us_ = std::min(2 * retry_delay_us_, kRetryDelayMaxUs);
}

void HolderLink::reap_guardian() {
  process::ChildEnd end;
  if (guardian_ > 0 && process::reap(guardian_, end)) guardian_ = -1;
}

}  // namespace gasoline::capture
