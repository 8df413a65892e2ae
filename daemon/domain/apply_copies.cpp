// Copies of the keys, and a journal that is one (U11, H7).
#include "daemon/domain/handlers.h"

namespace postern::domain {

namespace {

template <class Edit>
void edit_copies(const Scene& scene, Edit edit) {
  const Owned<Copies>& before = scene.state.tables().copies();
  auto after = before == nullptr ? make_counted<Copies>() : make_counted<Copies>(*before);
  edit(*after);
  scene.state.replace(Owned<Copies>(std::move(after)), scene.changes);
}

}  // namespace

void keys_backed_up(const Scene& scene, const schema::KeysBackedUp& body) {
  const Owned<Copies>& known = scene.state.tables().copies();
  if (body.kept_until_ns() <= (known == nullptr ? 0 : known->keys_kept_until_ns)) return;
  edit_copies(scene, [&](Copies& copies) { copies.keys_kept_until_ns = body.kept_until_ns(); });
}

void journal_restored(const Scene& scene, const schema::JournalRestored& body) {
  if (body.restoration() == nullptr) return;
  edit_copies(scene, [&](Copies& copies) {
    copies.restorations.push_back({*body.restoration(), scene.record.seq});
  });
}

}  // namespace postern::domain
