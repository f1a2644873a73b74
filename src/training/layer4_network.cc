#include "training/layer4_network.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "network/parallel.h"

namespace resnet50 {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kMaxSide = 128;  // of layer3's maps: pictures of 2048 pixels
constexpr size_t kMaxMaps = 256;

// dy where the output, behind a ReLU, is over 0.
void Mask(const float* y, const float* dy, size_t positions, size_t channels, float* masked, const ThreadPool& pool) {
  ParallelFor(pool, positions, [=](size_t p) {
    for (size_t i = p * channels; i < (p + 1) * channels; ++i) masked[i] = y[i] > 0.0F ? dy[i] : 0.0F;
  });
}

}  // namespace

void Layer4Network::Free::operator()(float* p) const { std::free(p); }

Result<std::unique_ptr<Layer4Network>> Layer4Network::Create(const Layer4Shape& shape, size_t batch, Extent extent,
                                                             size_t threads) {
  if (shape.in < 1 || shape.width < 1 || shape.blocks < 1 || shape.classes < 2) {
    return Error{ErrorCode::kInvalidArgument, "classes", "there must be two classes at least"};
  }
  if (batch < 1 || batch > kMaxMaps) {
    return Error{ErrorCode::kInvalidArgument, "batchSize",
                 "must lie in 1.." + std::to_string(kMaxMaps) + ", not " + std::to_string(batch)};
  }
  if (extent.height < 1 || extent.width < 1 || std::max(extent.height, extent.width) > kMaxSide) {
    return Error{ErrorCode::kInvalidArgument, "layer3",
                 "sides of its maps must lie in 1.." + std::to_string(kMaxSide) + ": use smaller pictures"};
  }
  Result<ThreadPool> pool = ThreadPool::Create(threads);
  if (!pool) return std::move(pool).error();
  std::unique_ptr<Layer4Network> network(new Layer4Network);
  network->shape_ = shape;
  network->batch_ = batch;
  network->extent_ = extent;
  network->pool_ = std::move(pool).value();
  network->AddParameters();
  if (Status status = network->Allocate(); !status) return std::move(status).error();
  return network;
}

Layer4Network::Convolution Layer4Network::Add(const std::string& name, const ConvolutionShape& shape) {
  Convolution added{shape, count_, count_ + shape.weight_count(), name};
  parameters_.push_back({name + ".weight", added.weight, shape.weight_count(), shape.out, false});
  parameters_.push_back({name + ".bias", added.bias, shape.out, shape.out, true});
  count_ = added.bias + shape.out;
  return added;
}

void Layer4Network::AddParameters() {
  for (size_t b = 0; b < shape_.blocks; ++b) {
    const std::string prefix = "layer4." + std::to_string(b);
    const size_t in = b == 0 ? shape_.in : shape_.out(), width = shape_.width, stride = b == 0 ? 2 : 1;
    Block block{};
    block.reduce = Add(prefix + ".conv1", {in, width, 1, 1});
    block.spatial = Add(prefix + ".conv2", {width, width, 3, stride});
    if (b == 0) block.project = Add(prefix + ".downsample.0", {in, shape_.out(), 1, stride});
    block.expand = Add(prefix + ".conv3", {width, shape_.out(), 1, 1});
    blocks_.push_back(std::move(block));
  }
  classifier_ = Add("fc", {shape_.out(), shape_.classes, 1, 1});
}

// One allocation for everything.
Status Layer4Network::Allocate() {
  n_ = batch_;
  const Extent to = blocks_[0].spatial.shape.extent(extent_);
  const size_t before = Positions(extent_), after = Positions(to), out = shape_.out(), width = shape_.width;
  size_t scratch = ConvolutionScratch({classifier_.shape, batch_, {1, 1}});
  for (const Block& block : blocks_) {
    const bool first = &block == blocks_.data();
    scratch = std::max({scratch, ConvolutionScratch(RunOf(block.reduce, first ? extent_ : to)),
                        ConvolutionScratch(RunOf(block.spatial, first ? extent_ : to)),
                        ConvolutionScratch(RunOf(block.expand, to))});
    if (first) scratch = std::max(scratch, ConvolutionScratch(RunOf(block.project, extent_)));
  }
  std::vector<std::pair<float**, size_t>> wanted = {{&values_, count_},
                                                    {&gradients_, count_},
                                                    {&input_, before * shape_.in},
                                                    {&projected_, after * out},
                                                    {&pooled_, batch_ * out},
                                                    {&pooled_gradient_, batch_ * out},
                                                    {&logits_, batch_ * shape_.classes},
                                                    {&outer_[0], after * out},
                                                    {&outer_[1], after * out},
                                                    {&inner_[0], before * width},
                                                    {&inner_[1], before * width},
                                                    {&scratch_, scratch}};
  for (Block& block : blocks_) {
    wanted.push_back({&block.reduced, (&block == blocks_.data() ? before : after) * width});
    wanted.push_back({&block.spread, after * width});
    wanted.push_back({&block.output, after * out});
  }
  const auto rounded = [](size_t floats) {
    return (floats * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
  };
  uint64_t bytes = 0;
  for (const auto& [place, floats] : wanted) bytes += rounded(floats);
  if (bytes <= SIZE_MAX / 2) memory_.reset(static_cast<float*>(std::aligned_alloc(kAlignment, size_t(bytes))));
  if (!memory_) {
    return Error{ErrorCode::kOutOfMemory, "layer4",
                 std::to_string(bytes >> 20) + " MiB for training could not be allocated; use a smaller batchSize"};
  }
  float* next = memory_.get();
  for (const auto& [place, floats] : wanted) {
    *place = next;
    next += rounded(floats) / sizeof(float);
  }
  std::fill_n(values_, count_, 0.0F);
  std::fill_n(gradients_, count_, 0.0F);
  n_ = 0;
  return {};
}

const Layer4Parameter* Layer4Network::Find(const std::string& name) const {
  const auto it = std::find_if(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.name == name; });
  return it == parameters_.end() ? nullptr : &*it;
}

void Layer4Network::ForwardThrough(const Convolution& convolution, Extent from, const float* x, float* y, bool relu) {
  const ConvolutionRun run = RunOf(convolution, from);
  RunConvolution(run, x, values_ + convolution.weight, values_ + convolution.bias, y, scratch_, pool_);
  if (!relu) return;
  const size_t out = convolution.shape.out;
  ParallelFor(pool_, run.positions(), [=](size_t p) {
    for (size_t i = p * out; i < (p + 1) * out; ++i) y[i] = std::max(y[i], 0.0F);
  });
}

void Layer4Network::RunBlock(Block& block, bool first, const float* x) {
  const Extent from = first ? from_ : to_;
  ForwardThrough(block.reduce, from, x, block.reduced, true);
  ForwardThrough(block.spatial, from, block.reduced, block.spread, true);
  ForwardThrough(block.expand, to_, block.spread, block.output, false);
  const float* shortcut = x;
  if (first) {
    ForwardThrough(block.project, from, x, projected_, false);
    shortcut = projected_;
  }
  const size_t out = shape_.out();
  float* y = block.output;
  ParallelFor(pool_, Positions(to_), [=](size_t p) {
    for (size_t i = p * out; i < (p + 1) * out; ++i) y[i] = std::max(y[i] + shortcut[i], 0.0F);
  });
}

void Layer4Network::Pool() {
  const size_t out = shape_.out(), area = to_.height * to_.width;
  const float* y = blocks_.back().output;
  float* pooled = pooled_;
  ParallelFor(pool_, n_, [=](size_t image) {
    float* mean = pooled + image * out;
    std::fill_n(mean, out, 0.0F);
    for (size_t p = image * area; p < (image + 1) * area; ++p) {
      for (size_t c = 0; c < out; ++c) mean[c] += y[p * out + c];
    }
    for (size_t c = 0; c < out; ++c) mean[c] /= float(area);
  });
}

Result<std::span<const float>> Layer4Network::Forward(size_t n, Extent extent) {
  if (n < 1 || n > batch_ || extent.height < 1 || extent.width < 1 || extent.height > extent_.height ||
      extent.width > extent_.width) {
    return Error{ErrorCode::kInvalidArgument, "batch", "is larger than what the network was made for, or empty"};
  }
  n_ = n;
  from_ = extent;
  to_ = blocks_[0].spatial.shape.extent(extent);
  const float* x = input_;
  for (Block& block : blocks_) {
    RunBlock(block, &block == blocks_.data(), x);
    x = block.output;
  }
  Pool();
  ForwardThrough(classifier_, {1, 1}, pooled_, logits_, false);
  return std::span<const float>(logits_, n * shape_.classes);
}

void Layer4Network::BackwardThrough(const Convolution& convolution, Extent from, const float* x, const float* dy,
                                    float* dx, bool add) {
  const ConvolutionGradients gradients{dx, add, gradients_ + convolution.weight, gradients_ + convolution.bias};
  RunConvolutionBackward(RunOf(convolution, from), x, values_ + convolution.weight, dy, gradients, scratch_, pool_);
}

// `dy`, of the output, is masked already; `dx` may be null.
void Layer4Network::RunBlockBackward(Block& block, bool first, const float* x, const float* dy, float* dx) {
  const Extent from = first ? from_ : to_;
  float *spread = inner_[0], *reduced = inner_[1];
  BackwardThrough(block.expand, to_, block.spread, dy, spread, false);
  Mask(block.spread, spread, Positions(to_), shape_.width, spread, pool_);
  BackwardThrough(block.spatial, from, block.reduced, spread, reduced, false);
  Mask(block.reduced, reduced, Positions(from), shape_.width, reduced, pool_);
  if (first) {
    BackwardThrough(block.project, from, x, dy, nullptr, false);
    BackwardThrough(block.reduce, from, x, reduced, nullptr, false);
  } else {
    std::copy_n(dy, Positions(to_) * shape_.out(), dx);  // along the shortcut
    BackwardThrough(block.reduce, from, x, reduced, dx, true);
  }
}

void Layer4Network::Backward(const float* logits) {
  if (n_ == 0) return;
  BackwardThrough(classifier_, {1, 1}, pooled_, logits, pooled_gradient_, false);
  const size_t out = shape_.out(), area = to_.height * to_.width;
  float *dy = outer_[0], *dx = outer_[1];
  const float* pooled = pooled_gradient_;
  ParallelFor(pool_, Positions(to_), [=](size_t p) {
    for (size_t c = 0; c < out; ++c) dy[p * out + c] = pooled[p / area * out + c] / float(area);
  });
  for (size_t b = blocks_.size(); b-- > 0;) {
    Mask(blocks_[b].output, dy, Positions(to_), out, dy, pool_);
    RunBlockBackward(blocks_[b], b == 0, b == 0 ? input_ : blocks_[b - 1].output, dy, dx);
    std::swap(dy, dx);
  }
}

std::vector<Layer4Network::Tensor> Layer4Network::Tensors() const {
  std::vector<Tensor> tensors;
  const size_t after = Positions(to_), width = shape_.width, out = shape_.out();
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const Block& block = blocks_[b];
    const std::string prefix = "layer4." + std::to_string(b);
    tensors.push_back({prefix + ".conv1", width, {block.reduced, Positions(b == 0 ? from_ : to_) * width}});
    tensors.push_back({prefix + ".conv2", width, {block.spread, after * width}});
    if (b == 0) tensors.push_back({prefix + ".downsample.0", out, {projected_, after * out}});
    tensors.push_back({prefix + ".add", out, {block.output, after * out}});
  }
  tensors.push_back({"avgpool", out, {pooled_, n_ * out}});
  return tensors;
}

}  // namespace resnet50
