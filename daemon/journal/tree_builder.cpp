#include "daemon/journal/tree_builder.h"

namespace postern::journal {

TreeBuilder::TreeBuilder(std::vector<Hash> blocks)
    : built_{Tree::of_blocks(blocks), std::move(blocks)}, worker_([this] { work(); }) {}

TreeBuilder::~TreeBuilder() {
  batches_.close();
  worker_.join();
}

void TreeBuilder::append(View record) {
  filling_.add(record);
  if (filling_.is_full()) batches_.put(filling_);
}

const BlockTree& TreeBuilder::built() {
  if (filling_.size() > 0) batches_.put(filling_);
  batches_.drain();
  return built_;
}

void TreeBuilder::work() {
  RecordBatch batch;
  while (batches_.take(batch))
    for (std::size_t place = 0; place < batch.size(); ++place) built_.append(batch.at(place));
}

}  // namespace postern::journal
