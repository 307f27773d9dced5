#include "daemon/losses.h"

#include <fmt/format.h>

#include "daemon/problems.h"

namespace gasoline::daemon {
namespace {

/// In the order of the enumeration.
constexpr std::array<LossAdvice, kLosses> kAdvice{{
    {"{} events were refused, because they could not be read",
     "the answer to whoever sent them says why; runs keep theirs in rejected.ndjson beside the spool"},
    {"{} bodies of events were refused, because they were no JSON or too large",
     "the answer to whoever sent them says why"},
    {"{} bodies of events were refused, because more came than could be taken in",
     "gasoline-run and sources come again by themselves; other senders must heed Retry-After"},
    {"the event log could not be written {} times",
     "free space on its disk, or give it another one; what gasoline-run captured waits in its spool"},
    {"{} records of the event log were damaged and are gone",
     "look at the disk's health; 'gasoline journal verify' tells what is damaged"},
    {"{} connections were refused, because too many are open",
     "look for a client that opens them and does not close them"},
    {"{} timelines were refused, because too many were asked for at once",
     "ask less often, or for less: a shorter time, a smaller limit"},
    {"{} searches were refused, because too many were asked for at once",
     "search one after the other, or for less: a shorter time, one service"},
    {"{} tails were refused, because too many are open", "close one that nobody reads"},
    {"{} events were left out of tails that did not keep up",
     "they are in the timeline; narrow the tail by --service or --level"},
    {"{} runs are not held, because there are too many or no descriptors are left: what they write "
     "while their wrapper is killed may be lost",
     "raise the limit of open files (ulimit -n) and start gasolined again"},
    {"{} runs could not be gone on with after their wrapper was killed",
     "look into the daemon's log for the reason; what was captured before is in the timeline"},
    {"{} times a spool of a dead run could not be delivered",
     "look into the daemon's log for the reason; it is tried again, and nothing is deleted"},
    {"{} events were dropped from sources that had no more than their guaranteed share",
     "raise store.max_bytes or store.max_events in the configuration, or follow fewer sources"},
}};

}  // namespace

const LossAdvice& advice_on(Loss loss) {
  return kAdvice[static_cast<size_t>(loss)];
}

void LossMemory::add_problems(const LossCounts& counts, int64_t now_us,
                              std::vector<Problem>& problems) {
  for (size_t i = 0; i < kLosses; ++i) {
    if (counts[i] > seen_[i]) grew_us_[i] = now_us;
    seen_[i] = counts[i];
    if (counts[i] == 0 || now_us - grew_us_[i] > kRecentUs) continue;
    problems.push_back({fmt::format(fmt::runtime(kAdvice[i].what), counts[i]),
                        std::string(kAdvice[i].remedy)});
  }
}

}  // namespace gasoline::daemon
