#include "journal_view.h"

#include <fmt/format.h>

#include "base/quantity.h"
#include "event/json_text.h"
#include "event/time_text.h"

namespace gasoline::cli {
namespace {

using journal::Corruption;
using journal::JournalReport;

/// "1 record", "2 records"
std::string count_of(uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string range_of(uint64_t first, uint64_t end) {
  return end - first == 1 ? fmt::format("{}", first) : fmt::format("{} to {}", first, end - 1);
}

std::string records_in_words(const JournalReport& report) {
  std::string text = count_of(report.records, "record");
  if (report.next_sequence > report.first_sequence) {
    text += fmt::format(" ({})", range_of(report.first_sequence, report.next_sequence));
  }
  return text;
}

std::string verdict(const JournalReport& report) {
  if (is_sound(report)) return "sound";
  return report.is_damaged() ? "damaged" : "records are missing";
}

std::string torn_tail_in_words(const JournalReport& report) {
  return fmt::format("torn tail of {} at the end of {}: a record that is being written, or that a "
                     "crash cut short",
                     count_of(report.torn_tail_bytes, "byte"), report.segments.back().name);
}

void append_string_member(std::string& to, std::string_view name, std::string_view value) {
  to += fmt::format("\"{}\":", name);
  event::append_json_string(to, value);
}

void append_report_members(std::string& to, const JournalReport& report) {
  to += fmt::format(
      "\"sound\":{},\"records\":{},\"first_sequence\":{},\"next_sequence\":{},\"segments\":{},"
      "\"payload_bytes\":{},\"size_bytes\":{},\"spare_bytes\":{},\"torn_tail_bytes\":{},"
      "\"damaged_bytes\":{},\"missing_records\":{},\"damage\":[",
      is_sound(report), report.records, report.first_sequence, report.next_sequence,
      report.segments.size(), report.payload_bytes, report.size_bytes, report.spare_bytes,
      report.torn_tail_bytes, report.damaged_bytes, report.missing_records);
  for (const Corruption& damage : report.corruptions) {
    if (to.back() != '[') to += ',';
    to += fmt::format(
        "{{\"segment\":\"{}\",\"offset\":{},\"bytes\":{},\"first_missing\":{},\"end_missing\":{}}}",
        damage.segment, damage.offset, damage.bytes, damage.first_missing, damage.end_missing);
  }
  to += ']';
}

std::string row(std::string_view name, std::string_view value) {
  return fmt::format("{:<10} {}\n", name, value);
}

std::string damage_counts(const JournalReport& report) {
  if (is_sound(report)) return "none";
  return fmt::format("{}, {} gone", count_of(report.damaged_bytes, "byte"),
                     count_of(report.missing_records, "record"));
}

std::string run_rows(const spool::RunDescription& run) {
  std::string text = row("kind", "spool of a run");
  text += row("run", run.run_id);
  text += row("service", run.service);
  text += row("started", event::format_rfc3339(run.started_us));
  return text;
}

}  // namespace

bool is_sound(const JournalReport& report) {
  return !report.is_damaged() && report.missing_records == 0;
}

std::string damage_in_words(const Corruption& damage) {
  std::string text = fmt::format("{} at offset {}: ", damage.segment, damage.offset);
  text += damage.bytes == 0 ? "no damage here"
                            : fmt::format("{} damaged", count_of(damage.bytes, "byte"));
  const uint64_t missing = damage.end_missing - damage.first_missing;
  if (missing == 0) return text + ", no record gone";
  return text + fmt::format(", {} gone: {}", count_of(missing, "record"),
                            range_of(damage.first_missing, damage.end_missing));
}

std::string verify_text(const JournalFacts& facts) {
  const JournalReport& report = facts.report;
  std::string text = fmt::format("{}: {}\n", facts.path, verdict(report));
  for (const Corruption& damage : report.corruptions) text += "  " + damage_in_words(damage) + "\n";
  if (report.corruptions.size() == JournalReport::kCorruptionsMax) {
    text += "  and perhaps more places than these\n";
  }
  if (!is_sound(report)) text += fmt::format("  in all: {}\n", damage_counts(report));
  text += fmt::format("  {} in {}, {}\n", records_in_words(report),
                      count_of(report.segments.size(), "segment"),
                      format_size_bytes(report.size_bytes));
  if (report.torn_tail_bytes > 0) text += "  " + torn_tail_in_words(report) + "\n";
  if (report.is_damaged()) {
    text += "  every record that is intact can be read as it is; 'gasoline journal repair' "
            "rewrites what is damaged\n";
  }
  return text;
}

std::string verify_json(const JournalFacts& facts) {
  std::string json = "{";
  append_string_member(json, "path", facts.path);
  json += ',';
  append_report_members(json, facts.report);
  return json + "}\n";
}

std::string repair_text(const std::string& path, const journal::RepairReport& repair) {
  const bool is_done = !repair.repairs.empty();
  std::string text =
      fmt::format("{}: {}\n", path, is_done ? "repaired" : "there was nothing to repair");
  for (const journal::SegmentRepair& one : repair.repairs) {
    text += one.is_rewritten
                ? fmt::format("  {}: rewritten with its {}; ", one.segment,
                              count_of(one.records, "intact record"))
                : fmt::format("  {}: its torn tail is cut off; ", one.segment);
    text += fmt::format("{} cut off, kept in {}\n", count_of(one.cut_bytes, "byte"), one.kept_in);
  }
  if (repair.after.missing_records > 0) {
    text += fmt::format("  {} gone for good\n", count_of(repair.after.missing_records, "record"));
  }
  text += fmt::format("  {} in {}\n", records_in_words(repair.after),
                      count_of(repair.after.segments.size(), "segment"));
  return text;
}

std::string repair_json(const std::string& path, const journal::RepairReport& repair) {
  std::string json = "{";
  append_string_member(json, "path", path);
  json += ",\"repairs\":[";
  for (const journal::SegmentRepair& one : repair.repairs) {
    if (json.back() != '[') json += ',';
    json += fmt::format(
        "{{\"segment\":\"{}\",\"rewritten\":{},\"records\":{},\"cut_bytes\":{},"
        "\"kept_in\":\"{}\"}}",
        one.segment, one.is_rewritten, one.records, one.cut_bytes, one.kept_in);
  }
  json += "],";
  append_report_members(json, repair.after);
  return json + "}\n";
}

std::string stat_text(const JournalFacts& facts, const ContentCounts& counts,
                      const spool::RunDescription* run) {
  const JournalReport& report = facts.report;
  std::string text = row("path", facts.path);
  text += run != nullptr ? run_rows(*run) : row("kind", "event log");
  text += row("segments", fmt::format("{}", report.segments.size()));
  text += row("records", fmt::format("{}, sequences {} to {}", report.records,
                                     report.first_sequence, report.next_sequence - 1));
  text += row("bytes", fmt::format("{} in segments, {} of it payload; {} in spare files",
                                   format_size_bytes(report.size_bytes),
                                   format_size_bytes(report.payload_bytes),
                                   format_size_bytes(report.spare_bytes)));
  text += row("events", fmt::format("{}", counts.events));
  text += row("lines", fmt::format("{} of stdout, {} of stderr", counts.lines[0], counts.lines[1]));
  if (run != nullptr) {
    text += row("captured",
                fmt::format("{} of stdout, {} of stderr", format_size_bytes(counts.bytes[0]),
                            format_size_bytes(counts.bytes[1])));
  }
  if (counts.first_us != 0) {
    text += row("from", event::format_rfc3339(counts.first_us));
    text += row("to", event::format_rfc3339(counts.last_us));
  }
  text += row("gaps", counts.gaps == 0
                          ? "none"
                          : fmt::format("{}: {} ({}) were not captured", counts.gaps,
                                        count_of(counts.gap_lines, "line"),
                                        count_of(counts.gap_bytes, "byte")));
  text += row("damage", damage_counts(report));
  text += row("torn tail",
              report.torn_tail_bytes == 0 ? "none" : count_of(report.torn_tail_bytes, "byte"));
  if (counts.unknown_records > 0) {
    text += row("unknown", count_of(counts.unknown_records, "record") + " of a form unknown to us");
  }
  return text;
}

std::string stat_json(const JournalFacts& facts, const ContentCounts& counts,
                      const spool::RunDescription* run) {
  std::string json = "{";
  append_string_member(json, "path", facts.path);
  json += ",";
  append_string_member(json, "kind", run != nullptr ? "spool" : "event_log");
  if (run != nullptr) {
    json += ",";
    append_string_member(json, "run_id", run->run_id);
    json += ",";
    append_string_member(json, "service", run->service);
    json += fmt::format(",\"captured_bytes\":{{\"stdout\":{},\"stderr\":{}}}", counts.bytes[0],
                        counts.bytes[1]);
  }
  json += fmt::format(
      ",\"events\":{},\"lines\":{{\"stdout\":{},\"stderr\":{}}},"
      "\"gaps\":{{\"events\":{},\"lines\":{},\"bytes\":{}}},\"run_marks\":{},\"unknown_records\":{},\"first_time\":",
      counts.events, counts.lines[0], counts.lines[1], counts.gaps, counts.gap_lines,
      counts.gap_bytes, counts.marks, counts.unknown_records);
  event::append_json_time_ms(json, counts.first_us);
  json += ",\"last_time\":";
  event::append_json_time_ms(json, counts.last_us);
  json += ',';
  append_report_members(json, facts.report);
  return json + "}\n";
}

}  // namespace gasoline::cli
