#include "daemon/running/health.h"

#include "daemon/data/server_keys.h"
#include "daemon/running/measured.h"

namespace postern::running {

namespace {

using service::Vitals;
using Kind = Sign::Kind;
using Sources = HealthSources;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::uint32_t memory_floor_kib = 19'456;

template <class Read>
Sign figure(Kind kind, std::string name, std::string help, Read read) {
  return {kind, std::move(name), std::move(help),
          [read](const Sources& sources) { return static_cast<double>(read(sources)); }};
}

Sign figure(Kind kind, std::string name, std::string help,
            std::atomic<std::uint64_t> Vitals::*value) {
  return figure(kind, std::move(name), std::move(help),
                [value](const Sources& sources) { return (sources.vitals.*value).load(); });
}

/// 1 on the page while it has something to say.
Sign warning(std::string name, std::string help, std::string (*sentence)(const Sources&)) {
  Sign sign = figure(Kind::warning, std::move(name), std::move(help),
                     [sentence](const Sources& sources) { return !sentence(sources).empty(); });
  sign.sentence = sentence;
  return sign;
}

/// On the page it says for how long.
Sign clock_warning(std::string name, std::string help, std::atomic<std::int64_t> Vitals::*time_ns,
                   std::string (*sentence)(const Sources&)) {
  Sign sign =
      figure(Kind::warning, std::move(name), std::move(help), [time_ns](const Sources& sources) {
        return static_cast<double>((sources.vitals.*time_ns).load()) / second_ns;
      });
  sign.sentence = sentence;
  return sign;
}

// ---- sentences of warnings

std::string owner_key_exposed(const Sources& sources) {
  const std::string& address = sources.config.address;
  std::error_code what_cannot_be_seen_is_not_there;
  if (address == "::1" || address.starts_with("127.") ||
      !std::filesystem::exists(sources.owner_key, what_cannot_be_seen_is_not_there))
    return {};
  return "the owner's secret key lies in the data folder while the daemon listens beyond this "
         "machine: move it away";
}

std::string hashing_weak(const Sources& sources) {
  const std::uint32_t memory_kib = sources.config.cost.memory_kib;
  if (memory_kib >= memory_floor_kib) return {};
  return "passwords are hashed with " + std::to_string(memory_kib) +
         " KiB, below the floor of 19456 KiB";
}

std::string anchor_off(const Sources& sources) {
  if (sources.config.anchor != journal::AnchorPolicy::off) return {};
  return "the anchor is off: a cut tail of the journal would go unnoticed";
}

std::string keys_unlocked(const Sources& sources) {
  if (sources.keys.memory_locked()) return {};
  return "keys are not locked in memory: raise the limit on locked memory";
}

std::string server_key_changing(const Sources& sources) {
  const std::string next = data::server_keys(sources.keys).next;
  if (next.empty()) return {};
  return "the server's key is to become " + next +
         ": give it to every client, then run posternd rotate-server-key --finish";
}

std::string clock_ahead(const Sources& sources) {
  const std::int64_t ahead_ns = sources.vitals.clock_ahead_ns;
  if (ahead_ns <= 0) return {};
  return "the clock has jumped " + service::duration_text(ahead_ns) + " ahead and is not believed";
}

std::string clock_behind(const Sources& sources) {
  const std::int64_t behind_ns = sources.vitals.clock_behind_ns;
  if (behind_ns <= service::Present::behind_max_ns) return {};
  if (!sources.vitals.clock_suspect)
    return service::diagnostic<service::Line::clock_behind_confirmed>(service::Duration{behind_ns})
        .sentence();
  return "the clock is " + service::duration_text(behind_ns) + " behind the newest record";
}

std::string scrub_hindered(const Sources& sources) {
  if (!sources.vitals.scrub_hindered) return {};
  return "the journal cannot be checked now, see the diagnostics: it is tried again each minute";
}

// ---- the table

std::vector<Sign> fields() {
  return {
      figure(Kind::field, "seq", "Place of the newest record that questions are answered from.",
             [](const Sources& sources) { return sources.services.shown_seq(); }),
      figure(Kind::field, "checkpoint_seq",
             "The newest checkpoint covers the records up to this; 0: none yet.",
             &Vitals::checkpoint_seq),
      figure(Kind::field, "disk_free_bytes", "Free space of the data folder's file system.",
             &Vitals::disk_free),
  };
}

std::vector<Sign> refusals() {
  std::vector<Sign> signs;
  for (const service::Refusing& reason : service::refusing) {
    const auto holds = [&reason](const Sources& sources) {
      return (sources.vitals.*reason.holds).load();
    };
    signs.push_back(
        figure(Kind::refusal, std::string(reason.name), std::string(reason.help), holds));
    signs.back().sentence = [&reason, holds](const Sources& sources) {
      return holds(sources) ? std::string(reason.sentence) : std::string();
    };
  }
  return signs;
}

std::vector<Sign> warnings_of_all() {
  return {
      warning("owner_key_exposed",
              "1: the owner's secret key lies in the data folder of a daemon that listens widely.",
              owner_key_exposed),
      warning("hashing_weak", "1: passwords are hashed with too little memory.", hashing_weak),
      warning("anchor_off", "1: the journal has no anchor.", anchor_off),
      warning("keys_unlocked", "1: keys are not locked in memory.", keys_unlocked),
      warning("server_key_changing", "1: the server's key is to change.", server_key_changing),
      clock_warning("clock_ahead_seconds",
                    "How far the clock has jumped ahead of what is believed.",
                    &Vitals::clock_ahead_ns, clock_ahead),
      clock_warning(
          "clock_behind_seconds",
          "How far the clock is behind the newest record, by whose time all is judged meanwhile.",
          &Vitals::clock_behind_ns, clock_behind),
      warning("scrub_hindered", "1: the journal cannot be checked now.", scrub_hindered),
  };
}

std::vector<Sign> counters_of_services() {
  const auto counter = [](std::string name, std::string help, auto Vitals::*value) {
    return figure(Kind::counter, std::move(name), std::move(help), value);
  };
  return {
      counter("commands", "Messages with commands.", &Vitals::commands),
      counter("commands_refused", "Of them those that were refused.", &Vitals::commands_refused),
      counter("commands_repeated", "Of them those that had come before.",
              &Vitals::commands_repeated),
      counter("records", "Records that were written.", &Vitals::records),
      counter("groups", "Groups of records that were made durable together.", &Vitals::groups),
      counter("queries", "Questions to the query socket.", &Vitals::queries),
      counter("decisions", "Single questions of access that were decided.", &Vitals::decisions),
      counter("password_checks", "Questions with a password.", &Vitals::password_checks),
      counter("password_hashes", "Of them those that took a hash.", &Vitals::password_hashes),
      counter("history_requests", "Requests to the history socket.", &Vitals::history_requests),
      counter("malformed", "Messages that were no message of ours.", &Vitals::malformed),
      counter("strangers", "Messages of peers that are no operators any more.", &Vitals::strangers),
      counter("busy", "Messages that found no place to wait.", &Vitals::busy),
      counter("scrubbed_records", "Records that were read again and checked.",
              &Vitals::scrubbed_records),
      counter("scrub_passes", "How often all of them were.", &Vitals::scrub_passes),
  };
}

std::vector<Sign> counters_around_them() {
  return {
      figure(Kind::counter, "handshakes_denied", "Connections of strangers that were denied.",
             [](const Sources& sources) { return sources.handshakes_denied(); }),
      figure(Kind::counter, "connections_closed",
             "Connections that were closed at once, because no descriptor was left.",
             [](const Sources& sources) { return sources.connections_closed(); }),
      figure(Kind::level, "passwords_waiting", "Password questions that wait for a thread.",
             [](const Sources& sources) { return sources.services.passwords_waiting(); }),
      figure(Kind::counter, "calls_recorded", "Calls that the ring was given.",
             [](const Sources& sources) { return sources.services.calls().recorded(); }),
      figure(Kind::counter, "calls_dropped", "Calls for which the recorder had no place.",
             [](const Sources& sources) { return sources.services.calls().dropped(); }),
      figure(Kind::counter, "calls_overwritten", "Recorded calls that made place for newer ones.",
             [](const Sources& sources) { return sources.services.calls().overwritten(); }),
  };
}

std::vector<Sign> counters_of_sockets() {
  constexpr std::pair<const char*, Loop Loops::*> sockets[] = {
      {"commands", &Loops::commands}, {"queries", &Loops::queries}, {"history", &Loops::history}};
  std::vector<Sign> signs;
  for (const auto& [name, loop] : sockets) {
    signs.push_back(
        figure(Kind::counter, std::string(name) + "_dropped_in",
               "Messages to this socket that had no sender or no form.",
               [loop](const Sources& sources) { return (sources.loops.*loop).dropped_in.load(); }));
    signs.push_back(figure(
        Kind::counter, std::string(name) + "_dropped_out",
        "Answers of this socket whose peer was gone or did not read.",
        [loop](const Sources& sources) { return (sources.loops.*loop).dropped_out.load(); }));
  }
  return signs;
}

}  // namespace

const std::vector<Sign>& health_signs() {
  static const std::vector<Sign> all = [] {
    std::vector<Sign> signs;
    for (const std::vector<Sign>& part :
         {fields(), refusals(), warnings_of_all(), counters_of_services(), counters_around_them(),
          counters_of_sockets()})
      signs.insert(signs.end(), part.begin(), part.end());
    return signs;
  }();
  return all;
}

std::vector<std::pair<std::string, std::uint64_t>> Health::counters() const {
  std::vector<std::pair<std::string, std::uint64_t>> counters;
  for (const Sign& sign : health_signs())
    if (sign.kind == Kind::counter || sign.kind == Kind::level)
      counters.emplace_back(sign.name, static_cast<std::uint64_t>(sign.value(sources_)));
  return counters;
}

std::vector<std::string> Health::warnings() const {
  std::vector<std::string> warnings;
  for (const Sign& sign : health_signs())
    if (sign.kind == Kind::warning)
      if (std::string sentence = sign.sentence(sources_); !sentence.empty())
        warnings.push_back(std::move(sentence));
  return warnings;
}

MetricsPage::Reading Health::reading() const {
  MetricsPage::Reading reading;
  for (const Sign& sign : health_signs()) {
    const bool is_counter = sign.kind == Kind::counter;
    reading.metrics.push_back({"postern_" + sign.name + (is_counter ? "_total" : ""), sign.help,
                               sign.value(sources_), is_counter});
  }
  add_measures(sources_, reading.metrics);
  reading.not_ready = service::refusing_now(sources_.vitals);
  return reading;
}

}  // namespace postern::running
