#include "tools/bench/report.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cmath>

namespace postern::bench {

namespace {

namespace json = boost::json;

struct Threshold {
  /// Of a ratio, or of a figure that has none.
  std::string_view name;
  /// true: at most, false: at least.
  bool at_most;
  double bound;
  /// Asked where there are so many users at least.
  double users_min = 0;

  bool met(double value) const { return at_most ? value <= bound : value >= bound; }
  std::string text() const { return fmt::format("{} {}", at_most ? "<=" : ">=", bound); }
};

constexpr double million = 1e6;

constexpr Threshold thresholds[] = {
    {"check_rtt_over_echo", true, 1.1},
    {"check_rate_over_echo", false, 0.7},
    {"check_rate_64_connections_over_echo", false, 0.9},
    {"curve_check_rate_over_curve_echo", false, 0.9},
    {"shared_client_rtt_over_client", true, 1.05},
    {"batch_check_rate_over_lookup", false, 0.3, million},
    {"durable_rate_over_leveldb", false, 0.4},
    {"durable_rtt_over_sync", true, 1.7},
    {"replay_rate_over_iteration", false, 0.3},
    {"replay_rate_on_one_processor_over_iteration", false, 0.2},
    {"check_cpu_1m_over_1k", true, 1.5, million},
    {"check_p99_under_writes_over_idle", true, 2},
    {"check_p99_under_passwords_over_idle", true, 1.5},
    {"bytes_per_user", true, 800, million},
    {"start_seconds_per_million_users", true, 2, million},
    {"start_seconds_per_million_users_from_journal", true, 25, million},
    {"cached_authentication_over_check", true, 3},
    {"as_of_ms", true, 10},
    {"as_of_p99_ms", true, 50},
    {"as_of_over_reading", true, 3},
    {"as_of_offline_more_bytes", true, 200e6},
    {"check_p99_under_diffs_over_idle", true, 2},
    {"verify_rate_over_sha256", false, 0.25},
    {"diff_seconds", true, 5},
    {"report_seconds", true, 60},
    {"replica_check_ns", true, 300},
    {"replica_check_rate", false, 3e6},
    {"replica_revoke_to_denial_p99_ms", true, 5},
    {"instructions_per_check", true, 5'000},
    {"instructions_per_batched_question", true, 900},
};

double users_of(const Figure& figure) {
  for (const auto& [name, value] : figure.details)
    if (name == "users") return value;
  return 0;
}

/// What is asked of it, or of the ratio that the figure is part of; null: nothing is.
const Threshold* threshold_of(std::string_view name, const Figure& figure) {
  for (const Threshold& threshold : thresholds)
    if (threshold.name == name)
      return users_of(figure) >= threshold.users_min ? &threshold : nullptr;
  return nullptr;
}

/// What is asked of the value, and whether it is met; empty: nothing is.
std::string asked_of(std::string_view name, const Figure& figure, double value) {
  const Threshold* threshold = threshold_of(name, figure);
  if (threshold == nullptr) return {};
  return fmt::format("(asked: {}{})", threshold->text(), threshold->met(value) ? "" : ", MISSED");
}

/// Four digits that mean something, as a number and not as a power of ten.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const int digits = 3 - static_cast<int>(std::floor(std::log10(std::abs(value))));
  // Each scale is a whole number, so that what is left are the digits alone.
  const double scale = std::pow(10.0, std::abs(digits));
  return digits > 0 ? std::round(value * scale) / scale : std::round(value / scale) * scale;
}

std::string sha256_text(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hexadecimal;
  for (unsigned i = 0; i < size; ++i) hexadecimal += fmt::format("{:02x}", digest[i]);
  return hexadecimal;
}

json::object describe(const Environment& environment) {
  json::object described;
  for (const auto& [name, value] : environment) described[name] = value;
  return described;
}

json::object describe(const Figure& figure, const Ratio* ratio) {
  json::object described;
  described["value"] = rounded(figure.value);
  described["unit"] = figure.unit;
  if (ratio != nullptr) {
    described["floor"] = rounded(figure.floor);
    described["floor_unit"] = figure.unit;
    described["floor_is"] = figure.floor_name;
    described["ratio"] = rounded(ratio->value());
    described["ratio_least"] = rounded(percentile(ratio->of_rounds, 0));
    described["ratio_most"] = rounded(percentile(ratio->of_rounds, 1));
    described["rounds"] = ratio->of_rounds.size();
  }
  for (const auto& [name, value] : figure.details) described[name] = rounded(value);
  return described;
}

json::array describe(std::span<const ScaleRow> rows) {
  json::array described;
  for (const ScaleRow& row : rows) {
    json::object one;
    for (const ScaleColumn& column : scale_columns()) one[column.name] = rounded(row.*column.value);
    described.push_back(std::move(one));
  }
  return described;
}

}  // namespace

std::string shown(double value) { return fmt::format("{}", rounded(value)); }

void Report::add(std::string ratio_name, const Rounds& rounds, Figure figure) {
  figure.value = median(rounds.figure);
  figure.floor = median(rounds.floor);
  ratios_.push_back({std::move(ratio_name), figures_.size(), rounds.ratios()});
  figures_.push_back(std::move(figure));
}

std::string Report::table() const {
  if (!scale_.empty()) return scale_text(scale_);
  constexpr const char* row = "{:<42} {:>12} {:<8} {:>12} {:>9}  {}\n";
  std::string text = fmt::format(row, "figure", "value", "unit", "floor", "ratio", "least-most");
  for (std::size_t place = 0; place < figures_.size(); ++place) {
    const Figure& figure = figures_[place];
    const Ratio* found = nullptr;
    for (const Ratio& ratio : ratios_)
      if (ratio.figure == place) found = &ratio;
    std::string ratio;
    std::string rest;
    if (found != nullptr) {
      ratio = shown(found->value());
      rest = shown(percentile(found->of_rounds, 0)) + "-" + shown(percentile(found->of_rounds, 1));
      if (const std::string asked = asked_of(found->name, figure, found->value()); !asked.empty())
        rest += ' ' + asked;
    } else {
      rest = asked_of(figure.name, figure, figure.value);
    }
    for (const auto& [name, value] : figure.details)
      rest += fmt::format("{}{} {}", rest.empty() ? "" : ", ", name, shown(value));
    text += fmt::format(row, figure.name, shown(figure.value), figure.unit,
                        found == nullptr ? "" : shown(figure.floor), ratio, rest);
  }
  return text;
}

std::string Report::json(const Environment& environment, const std::string& decisions) const {
  json::object figures;
  for (std::size_t place = 0; place < figures_.size(); ++place) {
    const Ratio* found = nullptr;
    for (const Ratio& ratio : ratios_)
      if (ratio.figure == place) found = &ratio;
    figures[figures_[place].name] = describe(figures_[place], found);
  }
  json::object ratios;
  for (const Ratio& ratio : ratios_) ratios[ratio.name] = rounded(ratio.value());
  json::object result;
  result["environment"] = describe(environment);
  result["figures"] = std::move(figures);
  result["ratios"] = std::move(ratios);
  if (!scale_.empty()) result["scale"] = describe(scale_);
  result["result_hash"] = sha256_text(decisions);
  return json::serialize(result);
}

std::vector<std::string> Report::missed() const {
  std::vector<std::string> sentences;
  const auto judge = [&](const std::string& name, const Figure& figure, double value) {
    const Threshold* threshold = threshold_of(name, figure);
    if (threshold != nullptr && !threshold->met(value))
      sentences.push_back(
          fmt::format("{} is {}, asked is {}", name, shown(value), threshold->text()));
  };
  for (const Ratio& ratio : ratios_) judge(ratio.name, figures_[ratio.figure], ratio.value());
  for (const Figure& figure : figures_) judge(figure.name, figure, figure.value);
  return sentences;
}

}  // namespace postern::bench
