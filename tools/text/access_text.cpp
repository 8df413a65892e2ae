#include "tools/text/access_text.h"

#include <fmt/format.h>

#include "tools/text/ids.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"

namespace postern::text {

std::string by_grant(const schema::GrantViewT& grant) {
  return fmt::format("grant {}: {}", grant_name(grant.reference), grant_text(grant));
}

void add_moment(boost::json::object& object, const Moment& moment) {
  object["seq"] = moment.seq;
  object["time"] = time_text(moment.time_ns);
}

std::string owners_text(const std::vector<NameOwner>& owners) {
  std::string told;
  for (const NameOwner& owner : owners) {
    told += (told.empty() ? "" : "; ") + uuid_text(owner.user);
    if (owner.since_seq != 0) told += fmt::format(" from seq {}", owner.since_seq);
    told += owner.until_seq == 0 ? (owner.since_seq == 0 ? " has it now" : ", and has it now")
                                 : fmt::format(" until seq {}", owner.until_seq);
  }
  return told;
}

std::string owners_sentence(std::string_view username, const std::vector<NameOwner>& owners) {
  return fmt::format("the name {}was not one user's alone: {}.",
                     username.empty() ? "" : printable(username) + " ", owners_text(owners));
}

void write_verdict(std::ostream& out, const Verdict& verdict) {
  const auto* grant = verdict.grant;
  constexpr std::size_t behind_verdict = 8;
  const Screen screen = screen_of(out);
  if (verdict.allowed) {
    out << styled(screen, Style::good, "allowed") << (grant != nullptr ? "  " : "");
    return write_behind(out, grant != nullptr ? "by " + by_grant(*grant) : "", behind_verdict + 1);
  }
  const std::string by = grant != nullptr ? fmt::format(" ({})", by_grant(*grant)) : "";
  out << styled(screen, Style::bad, "denied") << "  ";
  write_behind(
      out, fmt::format("{} — {}{}", code_name(verdict.reason), code_sentence(verdict.reason), by),
      behind_verdict);
  out << std::string(behind_verdict, ' ');
  write_behind(out, code_remedy(verdict.reason), behind_verdict);
}

void write_explanation(std::ostream& out, const schema::ExplanationT& explanation) {
  out << (explanation.allowed ? styled(screen_of(out), Style::good, "allowed")
                              : styled(screen_of(out), Style::bad, "denied"))
      << '\n';
  Fields fields;
  for (const auto& stop : explanation.stops) {
    fields.add(code_name(stop->code),
               stop->sentence.empty() ? code_sentence(stop->code) : stop->sentence);
    if (stop->grant) fields.add("  by", by_grant(*stop->grant));
    fields.add("  caused by", cause_text(stop->caused_by));
    fields.add("  remedy",
               stop->remedy.empty() ? code_remedy(stop->code) : sentence_of(stop->remedy));
  }
  if (explanation.grant && explanation.grant->grant) {
    fields.add(explanation.allowed ? "by" : "otherwise by", by_grant(*explanation.grant->grant));
    fields.add("  added", cause_text(explanation.grant->added));
  }
  fields.add("address", explanation.address);
  fields.write(out, 2);
  if (explanation.stops_left_out > 0)
    out << "  and " << explanation.stops_left_out << " more reasons\n";
}

Columns decision_columns() {
  static constexpr Column columns[] = {{"ANSWER", 0, 0, Shade::state},
                                       {"ACTION", 0, 12},
                                       {"RESOURCE", 0, 24},
                                       {"REASON", 1, 20, Shade::code},
                                       {"GRANT", 2, 16}};
  return columns;
}

void add_decision(Listing& listing, const schema::QuestionT& question,
                  const schema::DecisionT& decision, const Moment& moment) {
  if (listing.format() == Format::table)
    return listing.add_row({decision.allowed ? "allowed" : "denied", question.action,
                            question.resource, code_name(decision.reason),
                            decision.grant ? by_grant(*decision.grant) : ""});
  boost::json::object object{{"action", question.action}, {"resource", question.resource}};
  for (auto& [name, value] : to_json(decision)) object[name] = value;
  add_moment(object, moment);
  listing.add_object(object);
}

Columns permission_columns() {
  static constexpr Column columns[] = {{"STATE", 0, 18, Shade::code},
                                       {"EFFECT", 0, 0, Shade::state},
                                       {"ACTION", 0, 12},
                                       {"RESOURCE", 0, 24},
                                       {"ROLE", 1, 10},
                                       {"CONDITIONS", 2, 16},
                                       {"GRANT", 3}};
  return columns;
}

Row row_of(const schema::PermissionT& permission) {
  if (!permission.grant) return {};
  const auto& grant = *permission.grant;
  return {code_name(permission.state),
          effect_text(grant.effect),
          grant.action,
          grant.resource,
          grant.role,
          conditions_text(grant.conditions),
          grant_name(grant.reference)};
}

Columns holder_columns() {
  static constexpr Column columns[] = {
      {"USER", 0, 20}, {"STATE", 0, 18, Shade::code}, {"BY", 1, 24}};
  return columns;
}

Row row_of(const schema::HolderT& holder) {
  return {holder.username, code_name(holder.state), holder.grant ? by_grant(*holder.grant) : ""};
}

}  // namespace postern::text
