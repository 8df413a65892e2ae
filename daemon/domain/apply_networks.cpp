// Providers' ranges (N3).
#include "daemon/domain/handlers.h"

namespace postern::domain {

void ranges_imported(const Scene& scene, const schema::RangesImported& body) {
  if (body.provider() == schema::Provider::none || body.provider() > schema::Provider::MAX) return;
  auto made = make_counted<ProviderRanges>();
  made->provider = body.provider();
  made->source_name = view_of(body.source_name());
  if (const auto* hash = body.source_sha256())
    made->source_sha256.assign(hash->begin(), hash->end());
  made->source_time_ns = body.source_time_ns();
  made->imported_seq = scene.record.seq;
  made->imported_ns = scene.record.time_ns;
  if (const auto* v4 = body.v4()) made->v4.assign(v4->begin(), v4->end());
  if (const auto* v6 = body.v6()) made->v6.assign(v6->begin(), v6->end());
  scene.state.replace(Owned<ProviderRanges>(std::move(made)), scene.changes);
}

}  // namespace postern::domain
