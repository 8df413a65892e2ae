// Whether what links the records of a part of a journal shows that none between two is missing.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>

#include "daemon/domain/fold.h"
#include "daemon/journal/extract.h"
#include "daemon/platform/failure.h"

namespace postern::replay {

/// Takes an extract's records in their order. One thread.
class PartLinks {
 public:
  explicit PartLinks(const journal::ExtractRange& range) : range_(range) {}

  /// Fails with `damaged`, naming the record.
  Expected<> take(const schema::Record& record);

 private:
  using Newest = boost::unordered_flat_map<domain::Uuid, domain::Seq, domain::UuidHash>;

  /// Links to the newest one here, or to one before the part.
  bool fits(const Newest& newest, const domain::Uuid& id, domain::Seq previous) const;

  const journal::ExtractRange& range_;
  Newest tenants_;
  Newest users_;
  std::int64_t time_ns_ = 0;
};

}  // namespace postern::replay
