#include "daemon/running/measured.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace postern::running {

namespace {

using service::DurationTally;
using Labels = std::vector<std::pair<std::string, std::string>>;

constexpr double ns_of_second = 1e9;

class Measured {
 public:
  Measured(const HealthSources& sources, std::vector<Metric>& metrics)
      : sources_(sources), metrics_(metrics) {}

  void add_all() {
    add_messages("command", sources_.vitals.measures.commands, "batch");
    add_messages("query", sources_.vitals.measures.queries, "none");
    add_messages("history", sources_.vitals.measures.history, "none");
    add_refusals();
    add_decisions();
    add_durations("postern_sync_duration_seconds",
                  "How long it took to make a group of records durable.",
                  sources_.vitals.measures.syncs, {});
    add_waiting();
    add_places();
    add_ages();
    add_process();
    add_dropped();
    add_diagnostics();
    gauge("postern_build_info", "1; what runs is in its labels.", 1,
          {{"version", POSTERN_VERSION}, {"compiler", __VERSION__}});
  }

 private:
  void gauge(const std::string& name, const char* help, double value, Labels labels = {}) {
    metrics_.push_back({name, help, value, false, std::move(labels)});
  }
  void counter(const std::string& name, const char* help, std::uint64_t value, Labels labels = {}) {
    metrics_.push_back({name, help, static_cast<double>(value), true, std::move(labels)});
  }

  void add_durations(const std::string& name, const char* help, const DurationTally& tally,
                     Labels labels) {
    DurationBuckets buckets;
    for (std::size_t place = 0; place < DurationTally::bounds_ns.size(); ++place) {
      buckets.count += tally.count(place);
      buckets.up_to_seconds.emplace_back(
          static_cast<double>(DurationTally::bounds_ns[place]) / ns_of_second, buckets.count);
    }
    buckets.count += tally.count(DurationTally::bounds_ns.size());
    buckets.sum_seconds = static_cast<double>(tally.sum_ns()) / ns_of_second;
    metrics_.push_back({name, help, 0, false, std::move(labels), std::move(buckets)});
  }

  template <class Kind, Kind last>
  void add_messages(const std::string& what, const service::MessageTally<Kind, last>& tally,
                    const char* name_of_none) {
    for (std::size_t place = 0; place < tally.kinds; ++place)
      for (const bool answered : {true, false}) {
        const DurationTally& durations = (answered ? tally.answered : tally.refused)[place];
        if (durations.count() == 0) continue;
        const char* kind = place == 0 ? name_of_none : name_of(static_cast<Kind>(place));
        add_durations("postern_" + what + "_duration_seconds",
                      "From the taking of a message to its answer, by kind and outcome.", durations,
                      {{"kind", kind}, {"outcome", answered ? "answered" : "refused"}});
      }
  }

  static const char* name_of(schema::CommandBody kind) { return EnumNameCommandBody(kind); }
  static const char* name_of(schema::QueryBody kind) { return EnumNameQueryBody(kind); }
  static const char* name_of(schema::HistoryBody kind) { return EnumNameHistoryBody(kind); }

  /// A line for each code that came, and for `always`: of a line that appears with its first
  /// messages no increase is known, so an alert needs one from the start.
  void add_codes(const std::string& name, const char* help, const service::CodeTally& tally,
                 const char* label, const Labels& more, schema::Code always) {
    for (const schema::Code code : schema::EnumValuesCode()) {
      const std::uint64_t count = tally.count(code);
      if (count == 0 && code != always) continue;
      Labels labels = more;
      labels.emplace_back(label, EnumNameCode(code));
      counter(name, help, count, std::move(labels));
    }
  }

  void add_refusals() {
    const service::Measures& measures = sources_.vitals.measures;
    const std::pair<const char*, const service::CodeTally*> sockets[] = {
        {"commands", &measures.commands.codes},
        {"queries", &measures.queries.codes},
        {"history", &measures.history.codes}};
    for (const auto& [socket, codes] : sockets)
      add_codes("postern_refusals_total", "Messages that were refused, by socket and code.", *codes,
                "code", {{"socket", socket}}, schema::Code::not_permitted);
  }

  void add_decisions() {
    add_codes("postern_decisions_by_reason_total",
              "Single questions of access by what decided them; ok: allowed.",
              sources_.vitals.measures.decisions, "reason", {}, schema::Code::ok);
    counter("postern_password_cache_hits_total",
            "Passwords that needed no hash, because they were verified before.",
            sources_.vitals.measures.password_cache_hits.read());
  }

  void add_waiting() {
    const service::Vitals& vitals = sources_.vitals;
    const std::pair<const char*, std::uint64_t> queues[] = {
        {"commands_for_their_turn", vitals.commands_waiting},
        {"commands_behind_others", vitals.commands_held},
        {"passwords_for_a_thread", sources_.services.passwords_waiting()},
        {"questions_for_a_seq", vitals.questions_parked},
        {"questions_of_many_parts", vitals.checks_under_way},
        {"requests_for_records", vitals.requests_parked},
        {"requests_for_the_auditor", vitals.audits_waiting}};
    for (const auto& [queue, depth] : queues)
      gauge("postern_waiting_messages", "What waits now, by where it waits.",
            static_cast<double>(depth), {{"queue", queue}});
  }

  /// Of the journal: how far each keeper of it is behind.
  void add_places() {
    const std::uint64_t head = sources_.journal.head().seq;
    const auto lag = [&](std::uint64_t seq) {
      return static_cast<double>(head - std::min(seq, head));
    };
    gauge("postern_journal_seq", "The newest record that is durable.", static_cast<double>(head));
    if (const auto anchored = sources_.journal.anchored_seq()) {
      gauge("postern_anchor_seq", "The anchor says that records up to this were written.",
            static_cast<double>(*anchored));
      gauge("postern_anchor_lag_records", "Durable records of which the anchor does not say so.",
            lag(*anchored));
    }
    gauge("postern_checkpoint_lag_records", "Durable records that no checkpoint covers yet.",
          lag(sources_.vitals.checkpoint_seq));
    gauge("postern_snapshot_lag_records",
          "Durable records that a start would have to read after the newest snapshot.",
          lag(sources_.vitals.snapshot_seq));
    const std::int64_t began_ns = sources_.vitals.sync_began_ns;
    const std::int64_t now_ns = sources_.clock.monotonic_ns();
    gauge("postern_sync_running_seconds", "How long the disk has not answered; 0: it has.",
          began_ns == 0
              ? 0
              : static_cast<double>(std::max<std::int64_t>(now_ns - began_ns, 0)) / ns_of_second);
  }

  void add_age(const std::string& name, const char* help, std::int64_t since_ns,
               Labels labels = {}) {
    if (since_ns == 0) return;
    const std::int64_t age_ns = std::max<std::int64_t>(sources_.clock.now_ns() - since_ns, 0);
    gauge(name, help, static_cast<double>(age_ns) / ns_of_second, std::move(labels));
  }

  void add_ages() {
    const service::Vitals& vitals = sources_.vitals;
    add_age("postern_scrub_age_seconds", "Since every byte of the journal was read.",
            vitals.read_whole_ns);
    add_age("postern_snapshot_age_seconds", "Since the newest snapshot was written.",
            vitals.snapshot_ns);
    if (vitals.snapshot_bytes != 0)
      gauge("postern_snapshot_bytes", "What the newest snapshot takes on disk.",
            static_cast<double>(vitals.snapshot_bytes));
    if (vitals.snapshot_writing_ns != 0)
      gauge("postern_snapshot_writing_seconds",
            "How long the newest snapshot took that was written while the daemon runs.",
            static_cast<double>(vitals.snapshot_writing_ns) / ns_of_second);
    for (const schema::Provider provider : schema::EnumValuesProvider())
      add_age("postern_provider_ranges_age_seconds",
              "Since the ranges of a provider were imported; those of whom there are any.",
              vitals.ranges_imported_ns[static_cast<std::size_t>(provider)],
              {{"provider", EnumNameProvider(provider)}});
    gauge("postern_keys_copy_kept_until_timestamp_seconds",
          "Until when the last copy of the keys is kept; 0: there is none.",
          static_cast<double>(vitals.keys_kept_until_ns) / ns_of_second);
  }

  void add_process() {
    unsigned long all_pages = 0;
    unsigned long resident_pages = 0;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "r"),
                                                               std::fclose);
    if (file != nullptr && std::fscanf(file.get(), "%lu %lu", &all_pages, &resident_pages) == 2)
      gauge("process_resident_memory_bytes", "Memory that is in use.",
            static_cast<double>(resident_pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    std::error_code without_proc_there_is_none;
    const std::filesystem::directory_iterator open("/proc/self/fd", without_proc_there_is_none);
    if (!without_proc_there_is_none)
      gauge("process_open_fds", "Descriptors that are open.",
            static_cast<double>(std::distance(begin(open), end(open))));
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
      gauge("process_max_fds", "Descriptors that may be.", static_cast<double>(limit.rlim_cur));
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) != 0) return;
    const auto seconds_of = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    metrics_.push_back({"process_cpu_seconds_total", "Time of a processor that was used.",
                        seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime), true});
  }

  /// Whatever came or was to leave and was thrown away, as one number: 0 is how it should be.
  void add_dropped() {
    const Loops& loops = sources_.loops;
    std::uint64_t all = sources_.vitals.strangers + sources_.connections_closed() +
                        sources_.services.calls().dropped() + sources_.lines_held_back();
    for (const Loop* loop : {&loops.commands, &loops.queries, &loops.history})
      all += loop->dropped_in + loop->dropped_out;
    counter("postern_dropped_total",
            "Messages, answers, connections, recorded calls and lines of diagnostics that were "
            "dropped, all together.",
            all);
  }

  void add_diagnostics() {
    for (const service::LineForm& form : service::line_forms)
      counter("postern_diagnostics_total",
              "Lines of diagnostics by event; those that were held back are counted too.",
              sources_.lines_said(form.line),
              {{"event", std::string(form.name)},
               {"level", std::string(service::name_of(form.level))}});
    counter("postern_diagnostics_held_back_total",
            "Lines of diagnostics that were more than five of their event in a minute.",
            sources_.lines_held_back());
  }

  const HealthSources& sources_;
  std::vector<Metric>& metrics_;
};

}  // namespace

void add_measures(const HealthSources& sources, std::vector<Metric>& metrics) {
  Measured(sources, metrics).add_all();
}

}  // namespace postern::running
