// What the decide files share: one command with its surroundings, and how it is refused or
// answered.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "daemon/domain/catalogue.h"
#include "daemon/domain/decide.h"
#include "daemon/domain/event_form.h"
#include "schema/text_view.h"

namespace postern::domain {

using schema::view_of;

template <class Body, class... Kinds>
constexpr bool is_one_of = (std::is_same_v<Body, Kinds> || ...);

/// The networks that an event brings into force; null where it has none.
template <class Body>
const schema::NetworksT* networks_in(const Body& body) {
  const auto of = [](const auto& holder) {
    return holder == nullptr ? nullptr : holder->networks.get();
  };
  if constexpr (is_one_of<Body, schema::TenantCreatedT, schema::TenantChangedT>)
    return of(body.policies);
  else if constexpr (is_one_of<Body, schema::UserCreatedT, schema::UserSettingsChangedT>)
    return of(body.settings);
  else if constexpr (is_one_of<Body, schema::GrantAddedT, schema::RoleGrantAddedT>)
    return of(body.conditions);
  else
    return nullptr;
}

/// One command on its way through the rules.
struct Case {
  const State& state;
  const schema::Command& command;
  std::uint32_t index;
  const Material& material;
  const Context& context;
  Decision& decision;
  PackedEvents& events;
  /// Of the commands before it.
  std::size_t events_before;

  const Operator& asker() const { return *context.asker; }

  /// What grows with what is there is counted.
  void looked_at(std::size_t count) const { decision.work += count; }

  /// `detail` says what was found; never a secret.
  void refuse(schema::Code code, std::string_view field, std::string_view detail = {}) const;

  // ---- events; `warning`: told with it in the receipt

  template <class Body>
  void cause(const Body& body, std::string_view warning = {}) const {
    pack(nullptr, 0, body, warning);
  }

  /// With the user it is about and the link to its previous event, which for a second one is in
  /// the record that is being made.
  template <class Body>
  void cause(const User& user, const Body& body, std::string_view warning = {}) const {
    const bool is_first = events.size() == events_before;
    pack(&user.id, is_first ? user.last_seq : state.seq() + 1, body, warning);
  }

  /// The first of a user.
  template <class Body>
  void cause_new(const Uuid& user, const Body& body, std::string_view warning) const {
    pack(&user, 0, body, warning);
  }

 private:
  /// N3: the warning, and that nothing was imported of a provider that is named.
  std::string with_missing_ranges(std::string_view warning, const schema::NetworksT& named) const;

  template <class Body>
  void pack(const Uuid* user, Seq previous, const Body& body, std::string_view warning) const {
    if (const schema::NetworksT* named = networks_in(body))
      return store(events, user, previous, body, with_missing_ranges(warning, *named));
    if constexpr (HasForms<Body>) {
      if (events.empty() && user != nullptr && previous != 0 && warning.empty()) {
        const auto store_any = [](PackedEvents& into, const Body& any) {
          const Uuid somebody(1, 1);
          store(into, &somebody, 1, any, {});
        };
        return form_of(body, store_any).push(events, *user, previous);
      }
    }
    store(events, user, previous, body, warning);
  }

  template <class Body>
  static void store(PackedEvents& events, const Uuid* user, Seq previous, const Body& body,
                    std::string_view warning) {
    flatbuffers::FlatBufferBuilder& builder = events.builder;
    constexpr schema::EventBody kind = schema::EventBodyUnionTraits<Body>::enum_value;
    builder.ForceDefaults(stores_defaults(kind));
    const auto packed = Body::TableType::Pack(builder, &body);
    flatbuffers::Offset<flatbuffers::String> text;
    if (!warning.empty()) text = builder.CreateString(warning.data(), warning.size());
    events.offsets.push_back(
        schema::CreateEvent(builder, user, previous, kind, packed.Union(), text));
    builder.ForceDefaults(false);
  }
};

/// The message's tenant; refuses and gives null if there is none in the asker's scope.
const Tenant* require_tenant(const Case& asked);
/// The user the command names, fit to be changed by this asker: there, not deleted, of the version
/// expected; refuses and gives null otherwise.
const User* require_user(const Case& asked);
/// The same without refusing what only a living user may have.
const User* require_known_user(const Case& asked);
/// K2: refuses a version that is not the one expected.
bool require_version(const Case& asked, const User& user);

/// A role of the tenant; refuses and gives null if there is none of this name.
const NamedRole* require_role(const Case& asked, const Tenant& tenant,
                              const flatbuffers::String* name, std::string_view field = "role");

/// What a stranger chose, for a sentence: in quotes and cut; it is escaped where it leaves.
std::string quoted(std::string_view text);
/// Valid UTF-8 without control characters.
bool is_text(std::string_view text);
std::string_view name_of(schema::UserStatus status);

/// C1, C2: refuses for each rule the new password breaks.
void check_new_password(const Case& asked, const Tenant& tenant, std::string_view username);

/// A7: refuses what is wrong with these kinds, on top of what is known; for a tenant that is made,
/// nothing. Gives the catalogue as it would be; null where something was refused.
std::shared_ptr<const Catalogue> check_catalogue(const Case& asked, const Catalogue& known,
                                                 const KindList* kinds, bool replace);

/// U1.
bool is_username_character(char character);
/// U1, U2: refuses a chosen name whose form or prefix is not as it must be.
void check_username(const Case& asked, const Tenant& tenant, std::string_view username);
/// U2: what is told beside the receipt; empty: nothing.
std::string prefix_warning(const Tenant& tenant, std::string_view username);
/// U2: chosen or generated, as CreateUser and the tenant say; refuses a chosen one where they are
/// generated.
std::string username_of(const Case& asked, const Tenant& tenant);

/// U3, U4: refuses what these may not be; `size` is of the profile as the command leaves it.
void check_profile(const Case& asked, const schema::Profile* profile,
                   const flatbuffers::String* note, const ProfileSize& size);

/// What a list of networks without entries means where it stands.
enum class EmptyList { refused, clears };

/// Refuses each entry that is neither network nor provider.
void check_networks(const Case& asked, const schema::Networks* list, EmptyList empty);
/// An event holds the list as a whole, so any change beside it copies, packs and compiles it.
void count_stored_networks(const Case& asked, const schema::NetworksT* list);
/// As events hold them: null where there are none.
std::unique_ptr<schema::NetworksT> stored_networks(const schema::Networks* list);
/// Refuses settings out of bounds; `networks` as they were given.
void check_settings(const Case& asked, const schema::UserSettingsT& settings,
                    const schema::Networks* networks, EmptyList empty);

/// T4: makes the changes, refuses each that is out of its bound.
void change_policies(const Case& asked, const schema::PolicyChanges& changes, EmptyList empty,
                     schema::PoliciesT& policies);

/// For what is not known: a blank and the nearest names, as long as looking for them has not cost
/// the message much.
std::string nearest(const Case& asked, const Catalogue& catalogue, std::string_view resource,
                    std::string_view action);

using Rule = void (*)(const Case&);

void create_tenant(const Case&);
void enable_tenant(const Case&);
void disable_tenant(const Case&);
void create_user(const Case&);
void enable_user(const Case&);
void disable_user(const Case&);
void trash_user(const Case&);
void restore_user(const Case&);
void delete_user(const Case&);
void erase_user(const Case&);
void lock_user(const Case&);
void unlock_user(const Case&);
void set_api_access(const Case&);
void reset_password(const Case&);
void change_password(const Case&);
void record_attempt(const Case&);
void add_grant(const Case&);
void remove_grant(const Case&);
void add_operator(const Case&);
void change_operator(const Case&);
void remove_operator(const Case&);
void record_refusals(const Case&);
void record_use(const Case&);
void define_catalogue(const Case&);
void retire_catalogue(const Case&);
void import_ranges(const Case&);
void create_role(const Case&);
void delete_role(const Case&);
void add_role_grant(const Case&);
void remove_role_grant(const Case&);
void nest_role(const Case&);
void unnest_role(const Case&);
void assign_role(const Case&);
void unassign_role(const Case&);
void end_tenant_sessions(const Case&);
void rotate_password(const Case&);
void create_key(const Case&);
void revoke_key(const Case&);
void end_sessions(const Case&);
void set_tenant(const Case&);
void rename_user(const Case&);
void set_profile(const Case&);
void set_user_settings(const Case&);
void back_up_keys(const Case&);
void record_review(const Case&);

}  // namespace postern::domain
