#include "network/operators.h"

#include <pthreadpool.h>
#include <xnnpack.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "base/check.h"
#include "network/convolution_scales.h"
#include "network/input_layout.h"
#include "threads/use_threads.h"

namespace resnet50 {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// XNNPACK's convolutions created while this lives get our kernels.
class OurKernels {
 public:
  explicit OurKernels(const resnet50_int8_choice& choice) { resnet50_int8_use(&choice); }
  ~OurKernels() { resnet50_int8_use_none(); }
  OurKernels(const OurKernels&) = delete;
  OurKernels& operator=(const OurKernels&) = delete;
};

static_assert(sizeof(xnn_quantization_params) == sizeof(uint64_t), "row_quantization_ holds xnn_quantization_params");

xnn_quantization_params ToXnn(const TensorQuantization& q) { return {q.zero_point, q.scale}; }

}  // namespace

const size_t kTensorTailBytes = XNN_EXTRA_BYTES;

Status InitializeXnnpack() {
  if (xnn_initialize(nullptr) == xnn_status_success) return {};
  return Error{ErrorCode::kInternal, "XNNPACK", "could not be initialized"};
}

void ThreadPool::Destroy::operator()(pthreadpool* pool) const { pthreadpool_destroy(pool); }

void ThreadPool::Use(size_t threads) {
  if (threads == size_) return;
  UseThreads(pool_.get(), threads);
  size_ = threads;
}

Result<ThreadPool> ThreadPool::Create(size_t threads) {
  ThreadPool pool;
  if (threads > 1) {
    pool.pool_.reset(pthreadpool_create(threads));
    if (!pool.pool_) return Error{ErrorCode::kOutOfMemory, "threads", "could not be started; use threads: 1"};
    pool.size_ = pthreadpool_get_threads_count(pool.pool_.get());
  }
  return pool;
}

void Operator::Delete::operator()(xnn_operator* op) const { xnn_delete_operator(op); }

Error Operator::Failure(int status, const char* step) const {
  if (status == xnn_status_out_of_memory) {
    return {ErrorCode::kOutOfMemory, layer_.name, "memory ran out in this layer; use a smaller batch or image"};
  }
  return {ErrorCode::kInternal, layer_.name,
          std::string("XNNPACK refused to ") + step + " this layer (status " + std::to_string(status) + ")"};
}

Result<Operator> Operator::Create(const Layer& layer, const LayerWeights& weights,
                                  const OperatorQuantization* quantization) {
  Operator op;
  op.layer_ = layer;
  op.int8_ = quantization != nullptr;
  if (quantization) op.quantization_ = *quantization;
  Status status = [&]() -> Status {
    switch (layer.kind) {
      case LayerKind::kConvolution: return op.CreateConvolution(weights, quantization);
      case LayerKind::kMaxPool: return op.CreateMaxPool();
      case LayerKind::kAdd: return op.CreateAdd();
      case LayerKind::kMeanPool: return op.CreateMeanPool(quantization);
      case LayerKind::kLinear: return op.CreateLinear(weights, quantization);
    }
    return {};
  }();
  if (!status) return std::move(status).error();
  return op;
}

Status Operator::CreateConvolution(const LayerWeights& weights, const OperatorQuantization* q) {
  const uint32_t pad = uint32_t(layer_.padding);
  const uint32_t kernel = uint32_t(layer_.kernel);
  const uint32_t stride = uint32_t(layer_.stride);
  const size_t in = size_t(layer_.in_channels);
  const size_t out = size_t(layer_.out_channels);
  xnn_operator_t op = nullptr;
  xnn_status status;
  if (q) {
    const Error misfit{ErrorCode::kWeightsMismatch, layer_.name,
                       "the scales of its weights and activation ranges do not fit together; convert the checkpoint "
                       "anew"};
    if (!(LargestSwing(weights, *q) <= RESNET50_INT8_LARGEST_SWING)) return misfit;
    const std::vector<int32_t> bias = QuantizeBias(weights.bias, q->input.scale, weights.scales, q->output.scale);
    if (resnet50_int8_kernels_of(q->form)->layout == resnet50_int8_with_spill) {
      spill_ = std::make_unique<resnet50_int8_spill>();
    }
    const OurKernels use({q->form, q->input.flipped, spill_.get()});
    const auto create = [&](uint32_t pad_y, uint32_t pad_x, uint32_t height, uint32_t width, uint32_t stride_y,
                            uint32_t stride_x, size_t channels, const int8_t* values) {
      return xnn_create_convolution2d_nhwc_qs8_qc8w(
          pad_y, pad_x, pad_y, pad_x, height, width, stride_y, stride_x, 1, 1, 1, channels, out, channels, out,
          q->input.Turn(q->input.zero_point), q->input.scale, weights.scales.data(), values, bias.data(),
          q->output.zero_point, q->output.scale, q->output.min, q->output.max, 0, nullptr, nullptr, &op);
    };
    if (ReadsImage()) {
      status = create(pad, 0, kernel, 1, stride, 1, kRunBytes, weights.quantized.data());
    } else {
      status = create(pad, pad, kernel, kernel, stride, stride, in, weights.quantized.data());
    }
    if (status == xnn_status_unsupported_parameter || status == xnn_status_invalid_parameter) {
      return misfit;
    }
  } else {
    status = xnn_create_convolution2d_nhwc_f32(pad, pad, pad, pad, kernel, kernel, stride, stride, 1, 1, 1, in, out, in,
                                               out, weights.real.data(), weights.bias.data(),
                                               layer_.relu ? 0.0F : -kInfinity, kInfinity, 0, nullptr, nullptr, &op);
  }
  op_.reset(op);
  if (status != xnn_status_success) return Failure(status, "create");
  return {};
}

Status Operator::CreateMaxPool() {
  const uint32_t pad = uint32_t(layer_.padding);
  const uint32_t kernel = uint32_t(layer_.kernel);
  const uint32_t stride = uint32_t(layer_.stride);
  xnn_operator_t op = nullptr;
  const xnn_status status = int8_ ? xnn_create_max_pooling2d_nhwc_s8(pad, pad, pad, pad, kernel, kernel, stride, stride,
                                                                     1, 1, -128, 127, 0, &op)
                                  : xnn_create_max_pooling2d_nhwc_f32(pad, pad, pad, pad, kernel, kernel, stride,
                                                                      stride, 1, 1, -kInfinity, kInfinity, 0, &op);
  op_.reset(op);
  if (status != xnn_status_success) return Failure(status, "create");
  return {};
}

Status Operator::CreateAdd() {
  // int8 convolutions add the shortcut themselves (adds_shortcut).
  RESNET50_CHECK(!int8_);
  const xnn_quantization_params none{0, 1.0F};
  xnn_operator_t op = nullptr;
  xnn_status status = xnn_create_binary_elementwise_nd(xnn_binary_add, xnn_datatype_fp32, &none, &none, &none, 0, &op);
  op_.reset(op);
  if (status != xnn_status_success) return Failure(status, "create");
  xnn_unary_params clamp{};
  clamp.clamp.min = 0.0F;
  clamp.clamp.max = kInfinity;
  xnn_operator_t relu = nullptr;
  status = xnn_create_unary_elementwise_nc(xnn_unary_clamp, xnn_datatype_fp32, xnn_datatype_fp32, &clamp, nullptr,
                                           nullptr, 0, &relu);
  relu_.reset(relu);
  if (status != xnn_status_success) return Failure(status, "create");
  return {};
}

Status Operator::CreateMeanPool(const OperatorQuantization* q) {
  xnn_quantization_params in{0, 1.0F}, out{0, 1.0F};
  if (q) in = ToXnn(q->input), out = ToXnn(q->output);
  xnn_operator_t op = nullptr;
  const xnn_status status =
      xnn_create_reduce_nd(xnn_reduce_mean, q ? xnn_datatype_qint8 : xnn_datatype_fp32, &in, &out, 0, &op);
  op_.reset(op);
  if (status != xnn_status_success) return Failure(status, "create");
  return {};
}

// The logits stay f32 in both precisions: rounding 1000 of them to 8 bits would make ties and cost accuracy for
// nothing.
Status Operator::CreateLinear(const LayerWeights& weights, const OperatorQuantization* q) {
  const size_t in = size_t(layer_.in_channels);
  const size_t out = size_t(layer_.out_channels);
  xnn_operator_t op = nullptr;
  const xnn_status status =
      q ? xnn_create_fully_connected_nc_qd8_f32_qc8w(in, out, in, out, weights.scales.data(), weights.quantized.data(),
                                                     weights.bias.data(), -kInfinity, kInfinity, 0, nullptr, nullptr,
                                                     &op)
        : xnn_create_fully_connected_nc_f32(in, out, in, out, weights.real.data(), weights.bias.data(), -kInfinity,
                                            kInfinity, 0, nullptr, nullptr, &op);
  op_.reset(op);
  if (status != xnn_status_success) return Failure(status, "create");
  return {};
}

Result<size_t> Operator::Reshape(size_t n, Extent in, const ThreadPool& pool) {
  size_t scratch = 0, alignment = 0, height = 0, width = 0;
  const size_t channels = size_t(layer_.in_channels);
  xnn_status status = xnn_status_success;
  switch (layer_.kind) {
    case LayerKind::kConvolution:
      status = int8_ ? xnn_reshape_convolution2d_nhwc_qs8_qc8w(op_.get(), n, in.height,
                                                               ReadsImage() ? StemWidth(in.width) : in.width, &scratch,
                                                               &alignment, &height, &width, pool.get())
                     : xnn_reshape_convolution2d_nhwc_f32(op_.get(), n, in.height, in.width, &scratch, &alignment,
                                                          &height, &width, pool.get());
      break;
    case LayerKind::kMaxPool:
      status = int8_ ? xnn_reshape_max_pooling2d_nhwc_s8(op_.get(), n, in.height, in.width, channels, channels,
                                                         channels, &height, &width, pool.get())
                     : xnn_reshape_max_pooling2d_nhwc_f32(op_.get(), n, in.height, in.width, channels, channels,
                                                          channels, &height, &width, pool.get());
      pooled_bytes_ = n * height * width * channels;
      break;
    case LayerKind::kAdd: {
      const size_t elements = n * in.height * in.width * channels;
      status = xnn_reshape_binary_elementwise_nd(op_.get(), 1, &elements, 1, &elements, pool.get());
      if (status == xnn_status_success) {
        status = xnn_reshape_unary_elementwise_nc(relu_.get(), n * in.height * in.width, channels, channels, channels,
                                                  pool.get());
      }
      break;
    }
    case LayerKind::kMeanPool: {
      const int64_t axes[] = {1, 2};
      const size_t shape[] = {n, in.height, in.width, channels};
      status = xnn_reshape_reduce_nd(op_.get(), 2, axes, 4, shape, &scratch, &alignment, pool.get());
      if (!int8_) scratch = 0;  // f32 sums are made in the output; XNNPACK takes any workspace for one to convert from
      break;
    }
    case LayerKind::kLinear:
      status = int8_ ? xnn_reshape_fully_connected_nc_qd8_f32_qc8w(op_.get(), n, pool.get())
                     : xnn_reshape_fully_connected_nc_f32(op_.get(), n, pool.get());
      if (int8_) {
        const xnn_quantization_params row = ToXnn(quantization_.input);
        uint64_t bits;
        std::memcpy(&bits, &row, sizeof bits);
        row_quantization_.assign(n + XNN_EXTRA_QUANTIZATION_PARAMS, bits);
      }
      break;
  }
  if (status != xnn_status_success) return Failure(status, "reshape");
  if (ReadsImage()) resnet50_int8_read_runs(op_.get(), kRunStep, InputRowBytes(in.width));
  CutFor(pool.size());
  if (int8_ && layer_.kind == LayerKind::kConvolution) FinishConvolution();
  return scratch;
}

void Operator::CutFor(size_t threads) {
  const bool cuts = layer_.kind == LayerKind::kConvolution || (layer_.kind == LayerKind::kLinear && !int8_);
  if (cuts) resnet50_block(op_.get(), int8_ ? 1 : sizeof(float), threads);
}

// The rest of XNNPACK's parameters of a convolution, which are ours.
void Operator::FinishConvolution() {
  const TensorQuantization &out = quantization_.output, &shortcut = quantization_.shortcut;
  epilogue_ = std::make_unique<resnet50_int8_epilogue>(resnet50_int8_epilogue_of(out.zero_point, out.min));
  epilogue_->spill = spill_.get();
  epilogue_->output_flip = out.flipped ? TensorQuantization::kFlip : 0;
  if (quantization_.adds_shortcut) {
    // A code, no character. NOLINTNEXTLINE(bugprone-signed-char-misuse)
    epilogue_->residual_zero_point = int16_t(shortcut.zero_point + (shortcut.flipped ? TensorQuantization::kFlip : 0));
    epilogue_->residual_mask = shortcut.flipped ? UINT8_MAX : -1;
    epilogue_->residual_scale = shortcut.scale / out.scale;
  }
  resnet50_int8_finish_with(op_.get(), quantization_.form, quantization_.adds_shortcut, epilogue_.get());
}

Status Operator::Setup(const void* input, const void* shortcut, void* output, void* scratch) {
  const auto* in8 = static_cast<const int8_t*>(input);
  const auto* in32 = static_cast<const float*>(input);
  auto* out8 = static_cast<int8_t*>(output);
  auto* out32 = static_cast<float*>(output);
  xnn_status status = xnn_status_success;
  switch (layer_.kind) {
    case LayerKind::kConvolution:
      status = int8_ ? xnn_setup_convolution2d_nhwc_qs8_qc8w(op_.get(), scratch, in8, out8)
                     : xnn_setup_convolution2d_nhwc_f32(op_.get(), scratch, in32, out32);
      if (status == xnn_status_success) resnet50_pin_input(op_.get());
      if (quantization_.adds_shortcut) epilogue_->residual_offset = static_cast<const int8_t*>(shortcut) - out8;
      break;
    case LayerKind::kMaxPool:
      status = int8_ ? xnn_setup_max_pooling2d_nhwc_s8(op_.get(), in8, out8)
                     : xnn_setup_max_pooling2d_nhwc_f32(op_.get(), in32, out32);
      pooled_ = out8;
      break;
    case LayerKind::kAdd:
      status = xnn_setup_binary_elementwise_nd(op_.get(), input, shortcut, output);
      if (status == xnn_status_success && relu_) status = xnn_setup_unary_elementwise_nc(relu_.get(), output, output);
      break;
    case LayerKind::kMeanPool: status = xnn_setup_reduce_nd(op_.get(), int8_ ? scratch : nullptr, input, output); break;
    case LayerKind::kLinear:
      status =
          int8_ ? xnn_setup_fully_connected_nc_qd8_f32_qc8w(
                      op_.get(), in8, out32, reinterpret_cast<const xnn_quantization_params*>(row_quantization_.data()))
                : xnn_setup_fully_connected_nc_f32(op_.get(), in32, out32);
      break;
  }
  if (status != xnn_status_success) return Failure(status, "set up");
  return {};
}

Status Operator::Run(const ThreadPool& pool) {
  xnn_status status = xnn_run_operator(op_.get(), pool.get());
  if (status == xnn_status_success && relu_) status = xnn_run_operator(relu_.get(), pool.get());
  if (status != xnn_status_success) return Failure(status, "run");
  // Maxima are of signed codes: XNNPACK's unsigned pool would be one more kernel in every module.
  if (quantization_.output.flipped && layer_.kind == LayerKind::kMaxPool) {
    for (int8_t& byte : std::span(pooled_, pooled_bytes_)) byte = quantization_.output.Turn(byte);
  }
  return {};
}

}  // namespace resnet50
