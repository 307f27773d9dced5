#include <fmt/format.h>

#include <array>

#include "base/quantity.h"
#include "daemon/handlers.h"
#include "event/json_text.h"

namespace gasoline::daemon {

std::string tasks_json(const Supervisor& supervisor) {
  const Supervisor::Totals totals = supervisor.totals();
  std::string text = fmt::format("{{\"stalls\":{},\"restarts\":{},\"unwatched\":{},\"watched\":[",
                                 totals.stalls, totals.restarts, totals.unwatched);
  bool is_first = true;
  for (const TaskStatus& task : supervisor.tasks()) {
    text += is_first ? "{\"name\":" : ",{\"name\":";
    is_first = false;
    event::append_json_string(text, task.name);
    text += fmt::format(
        ",\"state\":\"{}\",\"silent_s\":{:.3f},\"stalls\":{},\"restarts\":{},\"can_restart\":{}}}",
        to_string(task.state), static_cast<double>(task.silent_us) / 1e6, task.stalls,
        task.restarts, task.can_restart);
  }
  return text + "]}";
}

void add_task_metrics(MetricsText& metrics, const Supervisor& supervisor) {
  using State = TaskStatus::State;
  constexpr std::array kStates{State::kRunning, State::kResting, State::kStalled,
                               State::kRestarted};
  std::array<size_t, kStates.size()> counts{};
  for (const TaskStatus& task : supervisor.tasks()) ++counts[static_cast<size_t>(task.state)];
  metrics.head("gasoline_tasks", "gauge", "Long-lived tasks, by how they are.");
  for (const State state : kStates) {
    metrics.labelled("gasoline_tasks", "state", to_string(state),
                     static_cast<double>(counts[static_cast<size_t>(state)]));
  }
  const Supervisor::Totals totals = supervisor.totals();
  metrics.counter("gasoline_task_stalls_total", "Tasks that were silent for too long.",
                  totals.stalls);
  metrics.counter("gasoline_task_restarts_total", "Restarts of tasks that had stalled.",
                  totals.restarts);
}

void add_task_problems(const Supervisor& supervisor, std::vector<Problem>& problems) {
  for (const TaskStatus& task : supervisor.tasks()) {
    const bool is_silent = task.state == TaskStatus::State::kStalled ||
                           task.state == TaskStatus::State::kRestarted;
    if (!is_silent) continue;
    problems.push_back(
        {fmt::format("'{}' has not been heard of for {}", task.name,
                     format_duration_us(task.silent_us)),
         task.can_restart
             ? "it is begun anew again and again; look whether its disk or host answers"
             : "look whether the disk answers; if it does, stop gasolined and start it again"});
  }
  if (const uint64_t unwatched = supervisor.totals().unwatched; unwatched > 0) {
    problems.push_back({fmt::format("{} tasks are not watched over: there are too many", unwatched),
                        "name fewer sources in the configuration"});
  }
}

void add_reload_metrics(MetricsText& metrics, const ConfigurationState& state) {
  metrics.head("gasoline_config_reloads_total", "counter", "The configuration was read again.");
  metrics.labelled("gasoline_config_reloads_total", "result", "in_force",
                   static_cast<double>(state.reloads));
  metrics.labelled("gasoline_config_reloads_total", "result", "refused",
                   static_cast<double>(state.refused));
}

}  // namespace gasoline::daemon
