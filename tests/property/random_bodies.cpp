// Bodies of commands on policies, catalogues, profiles, settings, keys, sessions, roles, networks.
#include <algorithm>

#include "daemon/domain/roles.h"
#include "tests/property/random_commands.h"
#include "tests/property/random_words.h"

namespace postern::property {

using schema::CommandT;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_seconds = 86'400;
/// In a native message: there, and empty.
const std::string cleared = "\x7f";

}  // namespace

std::int64_t RandomCommands::time_about_now(std::int64_t spread_seconds) {
  const auto spread = static_cast<std::size_t>(spread_seconds);
  return now_ns_ + (static_cast<std::int64_t>(below(2 * spread)) - spread_seconds) * second_ns;
}

std::string RandomCommands::address() { return any(addresses); }

std::unique_ptr<schema::NetworksT> RandomCommands::networks() {
  auto made = std::make_unique<schema::NetworksT>();
  for (std::size_t count = one_in(3) ? 0 : 1 + below(4); count > 0; --count)
    made->entries.push_back(any(network_entries));
  return made;
}

std::unique_ptr<schema::ConditionsT> RandomCommands::conditions() {
  auto made = std::make_unique<schema::ConditionsT>();
  if (one_in(3)) made->not_before_ns = time_about_now(day_seconds);
  if (one_in(3)) made->not_after_ns = time_about_now(day_seconds) + day_seconds * second_ns / 2;
  if (one_in(3)) made->networks = networks();
  made->secure_transport = one_in(4);
  return made;
}

// ---- tenants

std::unique_ptr<schema::PolicyChangesT> RandomCommands::policies(bool of_new_tenant) {
  auto made = std::make_unique<schema::PolicyChangesT>();
  // A new tenant has nothing to clear.
  const std::string empty = of_new_tenant ? "" : cleared;
  const auto sometimes = [&](auto& field, auto value) {
    if (one_in(6)) field = value;
  };
  const auto number = [&](std::size_t least, std::size_t most) {
    return static_cast<std::uint32_t>(one_in(20) ? below(2) * 100'000'000 : least + below(most));
  };
  const auto small = [&](std::size_t most) {
    return static_cast<std::uint16_t>(one_in(20) ? below(2) * 2'000 : 1 + below(most));
  };
  sometimes(made->password_length_min, small(11));
  sometimes(made->password_needs_digit_or_symbol, one_in(2));
  if (one_in(10)) made->password_forbidden_characters = one_in(2) ? "&" : empty;
  if (one_in(200)) made->password_forbidden_characters = any(texts);
  sometimes(made->lockout_failures, small(4));
  sometimes(made->direct_deletion, one_in(4));
  if (one_in(6))
    made->new_user_status = one_in(20)  ? schema::UserStatus::trashed
                            : one_in(3) ? schema::UserStatus::new_user
                                        : schema::UserStatus::active;
  sometimes(made->new_user_api_access, !one_in(4));
  sometimes(made->tell_reasons, one_in(2));
  sometimes(made->username_generated, one_in(4));
  sometimes(made->username_fixed, one_in(4));
  if (one_in(6)) made->username_prefix = one_in(4) ? empty : any(prefixes);
  if (one_in(6)) made->username_prefix_rule = static_cast<schema::PrefixRule>(below(3));
  sometimes(made->session_timeout_seconds, number(60, 86'000));
  sometimes(made->session_seconds_max, number(60, 2'000'000));
  sometimes(made->lock_seconds, one_in(3) ? 0 : number(60, 1'000));
  sometimes(made->imported_hash_days, one_in(3) ? std::uint16_t{0} : small(4'000));
  sometimes(made->same_wrong_password_counts_once, one_in(2));
  sometimes(made->lock_closes_password_only, one_in(2));
  if (one_in(6)) made->networks = networks();
  sometimes(made->user_networks_mandatory, one_in(6));
  sometimes(made->secure_transport_required, one_in(4));
  return made;
}

void RandomCommands::set_tenant(CommandT& command) {
  schema::SetTenantT body;
  if (one_in(6)) body.display_name = any(texts);
  if (!one_in(10)) body.policies = policies(false);
  command.body.Set(std::move(body));
}

std::unique_ptr<schema::CatalogueKindT> RandomCommands::catalogue_kind() {
  auto made = std::make_unique<schema::CatalogueKindT>();
  made->name = any(kind_names);
  made->open = !one_in(3);
  if (one_in(3)) made->description = any(texts);
  for (std::size_t count = below(4); count > 0; --count) {
    auto& action = made->actions.emplace_back(std::make_unique<schema::CatalogueActionT>());
    action->name = any(action_names);
    if (one_in(3)) action->implies.push_back(any(action_names));
    if (one_in(4)) action->warning = any(texts);
  }
  for (std::size_t count = below(4); count > 0; --count) {
    auto& resource = made->resources.emplace_back(std::make_unique<schema::CatalogueResourceT>());
    resource->path = one_in(30) ? path(true) : made->name;
    for (std::size_t depth = 1 + below(3); depth > 0; --depth)
      resource->path += "/" + any(segments);
    resource->open = one_in(3);
    resource->closed = one_in(3) && (!resource->open || one_in(30));
    if (one_in(4)) resource->warning = any(texts);
  }
  return made;
}

void RandomCommands::define_catalogue(CommandT& command) {
  schema::DefineCatalogueT body;
  for (std::size_t count = one_in(30) ? 0 : 1 + below(2); count > 0; --count)
    body.kinds.push_back(catalogue_kind());
  body.replace = one_in(4);
  command.body.Set(std::move(body));
}

void RandomCommands::retire_catalogue(CommandT& command) {
  schema::RetireCatalogueT body;
  if (one_in(8)) body.kinds.push_back(one_in(4) ? any(kind_names) : "shop");
  if (one_in(4)) {
    auto& name = body.actions.emplace_back(std::make_unique<schema::ActionNameT>());
    name->kind = one_in(3) ? any(kind_names) : "shop";
    name->action = any(action_names);
  }
  if (one_in(2)) body.resources.push_back(path(false));
  command.body.Set(std::move(body));
}

// ---- users

std::unique_ptr<schema::ProfileT> RandomCommands::profile() {
  auto made = std::make_unique<schema::ProfileT>();
  if (one_in(2)) made->email = "s3cret@mail.example";
  if (one_in(3)) made->organization = any(texts);
  if (one_in(300)) made->description.assign(17'000, 'x');
  for (std::size_t count = below(3); count > 0; --count) {
    auto& attribute = made->attributes.emplace_back(std::make_unique<schema::AttributeT>());
    attribute->name = one_in(20) ? "" : std::string(1, static_cast<char>('a' + below(4)));
    if (!one_in(4)) attribute->value = any(texts);
  }
  return made;
}

void RandomCommands::rename_user(CommandT& command) {
  schema::RenameUserT body;
  body.username = any(usernames);
  command.body.Set(std::move(body));
}

void RandomCommands::set_profile(CommandT& command) {
  schema::SetProfileT body;
  if (!one_in(3)) body.profile = profile();
  if (body.profile != nullptr && one_in(4)) body.profile->email = cleared;
  if (one_in(2)) body.note = one_in(3) ? cleared : any(texts);
  if (one_in(100)) body.note.assign(5'000, 'n');
  command.body.Set(std::move(body));
}

void RandomCommands::set_user_settings(CommandT& command) {
  schema::SetUserSettingsT body;
  if (one_in(3)) body.networks = networks();
  if (one_in(4)) body.skip_ip_check = one_in(2);
  if (one_in(4)) body.secure_transport_required = one_in(4);
  if (one_in(4))
    body.session_timeout_seconds = static_cast<std::uint32_t>(one_in(10) ? 7 : 60 * below(3));
  if (one_in(4)) body.api_logging = one_in(2);
  command.body.Set(std::move(body));
}

// ---- credentials

void RandomCommands::rotate_password(CommandT& command) {
  schema::RotatePasswordT body;
  body.password = any(passwords);
  if (one_in(6)) body.password_confirmation = any(passwords);
  body.old_valid_until_ns =
      now_ns_ + second_ns * static_cast<std::int64_t>(one_in(10) ? below(20'000'000)
                                                                 : 1 + below(30 * day_seconds));
  if (one_in(20)) body.old_valid_until_ns = now_ns_;
  command.body.Set(std::move(body));
}

void RandomCommands::create_key(CommandT& command) {
  schema::CreateKeyT body;
  body.name = any(keys);
  if (one_in(2)) body.expires_ns = time_about_now(day_seconds) + day_seconds * second_ns * 9 / 10;
  for (std::size_t count = one_in(3) ? 1 + below(2) : 0; count > 0; --count) {
    auto& part = body.narrowed_to.emplace_back(std::make_unique<schema::NarrowingT>());
    part->action = any(actions);
    part->resource = path(true);
  }
  command.body.Set(std::move(body));
}

void RandomCommands::revoke_key(CommandT& command) {
  schema::RevokeKeyT body;
  body.name = any(keys);
  command.body.Set(std::move(body));
}

schema::Uuid RandomCommands::session() {
  if (!sessions_.empty() && one_in(2)) return sessions_[below(sessions_.size())];
  const std::int64_t back_seconds = static_cast<std::int64_t>(below(one_in(4) ? 3'000'000 : 900));
  const std::int64_t made_ms =
      std::max<std::int64_t>(0, now_ns_ / 1'000'000 + 200'000 - back_seconds * 1'000);
  const schema::Uuid made{static_cast<std::uint64_t>(made_ms) << 16 | 0x7000U,
                          std::uint64_t{1} << 63 | below(1'000)};
  if (sessions_.size() < 8)
    sessions_.push_back(made);
  else
    sessions_[below(sessions_.size())] = made;
  return one_in(30) ? schema::Uuid{1, 1} : made;
}

void RandomCommands::end_sessions(CommandT& command) {
  schema::EndSessionsT body;
  if (!one_in(3)) body.session = std::make_unique<schema::Uuid>(session());
  // What a service must name.
  if (user_ != nullptr && one_in(2)) {
    command.user.clear();
    command.user_id = std::make_unique<domain::Uuid>(user_->id);
  }
  command.body.Set(std::move(body));
}

// ---- roles

void RandomCommands::create_role(CommandT& command) {
  schema::CreateRoleT body;
  body.name = any(roles);
  if (one_in(3)) body.description = any(texts);
  command.body.Set(std::move(body));
}

template <class Body>
void RandomCommands::on_role(CommandT& command) {
  Body body;
  if constexpr (requires { body.name; })
    body.name = any(roles);
  else
    body.role = any(roles);
  command.body.Set(std::move(body));
}

/// Names a role that holds another, and which, if there is one.
void RandomCommands::pick_nesting(schema::UnnestRoleT& body) {
  std::vector<std::pair<const domain::NamedRole*, const domain::NamedRole*>> nested;
  if (tenant_ == nullptr || tenant_->roles == nullptr) return;
  for (const auto& role : tenant_->roles->by_name)
    for (const schema::Uuid& inner : role->inner)
      if (const auto* held = domain::find_role(*tenant_, inner))
        nested.push_back({role.get(), held});
  if (nested.empty()) return;
  const auto& [outer, inner] = nested[below(nested.size())];
  body.role = outer->name;
  body.inner = inner->name;
}

template <class Body>
void RandomCommands::nesting(CommandT& command) {
  Body body;
  body.role = any(roles);
  body.inner = any(roles);
  if constexpr (std::is_same_v<Body, schema::UnnestRoleT>)
    if (!one_in(4)) pick_nesting(body);
  command.body.Set(std::move(body));
}

template void RandomCommands::on_role<schema::DeleteRoleT>(CommandT&);
template void RandomCommands::on_role<schema::AssignRoleT>(CommandT&);
template void RandomCommands::on_role<schema::UnassignRoleT>(CommandT&);
template void RandomCommands::nesting<schema::NestRoleT>(CommandT&);
template void RandomCommands::nesting<schema::UnnestRoleT>(CommandT&);

// ---- networks, use

void RandomCommands::import_ranges(CommandT& command) {
  schema::ImportRangesT body;
  body.provider = static_cast<schema::Provider>(one_in(20) ? below(8) : 1 + below(2));
  body.source_name = one_in(20) ? any(texts) : "ranges.json";
  body.source_sha256.assign(one_in(30) ? 31 : 32, 7);
  body.source_time_ns = one_in(30) ? -1 : now_ns_;
  std::uint32_t v4 = 0xcb007100;  // 203.0.113.0
  for (std::size_t count = below(8); count > 0; --count) {
    body.v4.push_back(v4 + static_cast<std::uint32_t>(below(20)));
    body.v4.push_back(body.v4.back() + static_cast<std::uint32_t>(below(20)));
    v4 = body.v4.back() + (one_in(60) ? 1 : 2);
  }
  std::uint64_t v6 = 0x2001'0db8'0000'0000;
  for (std::size_t count = below(4); count > 0; --count) {
    body.v6.insert(body.v6.end(), {v6, below(9), v6 + below(0x20000), 10 + below(9)});
    v6 = body.v6[body.v6.size() - 2] + (one_in(60) ? 0 : 1);
  }
  if (one_in(60) && !body.v4.empty()) body.v4.pop_back();
  if (one_in(60) && !body.v6.empty()) body.v6.pop_back();
  body.force = one_in(4);
  recall(imported_, body, [this](schema::ImportRangesT& to, const schema::ImportRangesT& from) {
    if (one_in(8)) to = from;
  });
  remember(imported_, body);
  command.body.Set(std::move(body));
}

void RandomCommands::back_up_keys(CommandT& command) {
  schema::BackUpKeysT body;
  if (!one_in(20)) body.recipient.assign(one_in(20) ? 31 : 32, one_in(20) ? 0 : 9);
  constexpr std::int64_t two_centuries = 73'000 * day_seconds;
  body.kept_until_ns = time_about_now(one_in(20) ? two_centuries : day_seconds);
  command.body.Set(std::move(body));
}

void RandomCommands::record_review(CommandT& command) {
  schema::RecordReviewT body;
  // The first record, none, or one that no run comes to.
  body.report_seq = one_in(20) ? 0 : one_in(20) ? std::uint64_t{1} << 40U : 1;
  if (!one_in(20)) body.report_sha256.assign(one_in(20) ? 31 : 32, 7);
  body.sentence = one_in(20) ? std::string(1'025, 'x') : any(texts);
  command.body.Set(std::move(body));
}

void RandomCommands::record_use(CommandT& command) {
  schema::RecordUseT body;
  if (!one_in(20)) {
    body.use = std::make_unique<schema::UseT>();
    body.use->first_ns = time_about_now(60);
    body.use->last_ns = now_ns_;
    auto& day = body.use->days.emplace_back(std::make_unique<schema::UseOfDayT>());
    day->day = static_cast<std::uint32_t>(now_ns_ / second_ns / day_seconds);
    day->allowed = 1 + below(9);
    for (std::size_t count = one_in(60) ? 33 : below(4); count > 0; --count)
      body.use->networks.push_back("10.0." + std::to_string(below(40)) + ".0/24");
    if (one_in(2)) body.use->clients.push_back(any(usernames));
    auto& grant = body.use->grants.emplace_back(std::make_unique<schema::UseOfGrantT>());
    grant->grant = std::make_unique<schema::GrantReferenceT>();
    grant->grant->seq = 1 + below(9);
    grant->count = 1 + below(9);
    grant->last_ns = now_ns_;
  }
  command.body.Set(std::move(body));
}

}  // namespace postern::property
