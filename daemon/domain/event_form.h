// A user's event whose body says one of a few things: packed once for each of them.
#pragma once

#include <vector>

#include "daemon/domain/decide.h"

namespace postern::domain {

/// The bytes of one event about a user, and where the parts lie in it that differ. Any thread.
class EventForm {
 public:
  /// Of an event that is packed first in its record, by `pack`, of any user and previous event but
  /// none.
  template <class Pack>
  explicit EventForm(Pack pack) {
    PackedEvents events;
    pack(events);
    take(events);
  }

  /// The same of this user; `previous` is not 0. Only where no event is packed yet.
  void push(PackedEvents& events, const Uuid& user, Seq previous) const;

 private:
  void take(const PackedEvents& events);

  std::vector<std::uint8_t> bytes_;
  std::size_t user_ = 0;
  std::size_t previous_ = 0;
  flatbuffers::Offset<schema::Event> offset_;
};

/// Which of how many things the body says; of a kind with one field of few values.
constexpr std::size_t forms_of(const schema::ApiAccessChangedT*) { return 2; }
inline std::size_t form_number(const schema::ApiAccessChangedT& body) { return body.allowed; }
inline schema::ApiAccessChangedT body_of_form(const schema::ApiAccessChangedT*,
                                              std::size_t number) {
  schema::ApiAccessChangedT body;
  body.allowed = number == 1;
  return body;
}

constexpr std::size_t status_count = static_cast<std::size_t>(schema::UserStatus::MAX) + 1;
constexpr std::size_t forms_of(const schema::UserStatusChangedT*) {
  return status_count * status_count;
}
inline std::size_t form_number(const schema::UserStatusChangedT& body) {
  return static_cast<std::size_t>(body.from) * status_count + static_cast<std::size_t>(body.to);
}
inline schema::UserStatusChangedT body_of_form(const schema::UserStatusChangedT*,
                                               std::size_t number) {
  schema::UserStatusChangedT body;
  body.from = static_cast<schema::UserStatus>(number / status_count);
  body.to = static_cast<schema::UserStatus>(number % status_count);
  return body;
}

template <class Body>
concept HasForms = requires(const Body& body) {
  form_number(body);
};

/// `pack(events, body)` packs an event of any user and previous event, the same way each time.
template <HasForms Body, class Pack>
const EventForm& form_of(const Body& body, Pack pack) {
  static const std::vector<EventForm> forms = [&] {
    constexpr const Body* kind = nullptr;
    std::vector<EventForm> made;
    for (std::size_t number = 0; number < forms_of(kind); ++number)
      made.emplace_back([&](PackedEvents& events) { pack(events, body_of_form(kind, number)); });
    return made;
  }();
  return forms[form_number(body)];
}

}  // namespace postern::domain
