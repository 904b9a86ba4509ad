#include "diffusion/condition.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>

#include "diffusion/guidance.h"
#include "tensor/error.h"

namespace audioldm {
namespace {

// [W, E], W being 1 or the number of windows.
at::Tensor EmbeddingOf(const ClipRequest& clip, int64_t windows, at::Device device) {
  const at::Tensor& given = clip.embedding;
  const at::Tensor rows = given.dim() == 1 ? given.unsqueeze(0) : given;
  if (rows.dim() != 2 || rows.size(1) < 1 || (rows.size(0) != 1 && rows.size(0) != windows)) {
    throw Error(ErrorCode::kEngineFailed,
                "An embedding is " + c10::str(given.sizes()) + "; it must be [width] or [" +
                    std::to_string(windows) + ", width], one for each window of the clip.");
  }
  return rows.to(device, at::kFloat);
}

}  // namespace

at::Tensor Condition::In(int64_t window) const {
  return conditional.select(1, conditional.size(1) == 1 ? 0 : window);
}

std::vector<double> Condition::ScalesAt(double timestep) const {
  std::vector<double> scales;
  for (const auto& [scale, from, to] : guidance) {
    scales.push_back(timestep >= from && timestep <= to ? scale : 1);
  }
  return scales;
}

Condition ConditionOf(const std::vector<ClipRequest>& clips, int64_t windows, at::Device device,
                      const EncodeTextFn& encode) {
  Condition condition;
  std::vector<TokenIds> prompts;
  std::vector<TokenIds> negative_prompts;
  std::vector<double> scales;
  for (const ClipRequest& clip : clips) {
    if (!clip.embedding.defined()) prompts.push_back(clip.input_ids);
    negative_prompts.push_back(clip.negative_input_ids);
    condition.guidance.push_back({clip.guidance_scale, clip.guidance_from, clip.guidance_to});
    scales.push_back(clip.guidance_scale);
  }
  const at::Tensor encoded = prompts.empty() ? at::Tensor() : encode(prompts);
  std::vector<at::Tensor> rows;
  int64_t width = 1;
  for (int64_t next = 0; const ClipRequest& clip : clips) {
    rows.push_back(clip.embedding.defined() ? EmbeddingOf(clip, windows, device)
                                            : encoded.narrow(0, next++, 1));
    width = std::max(width, rows.back().size(0));
  }
  for (at::Tensor& row : rows) row = row.expand({width, -1});
  condition.conditional = at::stack(rows);
  if (Guidance::Doubles(scales)) condition.unconditional = encode(negative_prompts);
  return condition;
}

}  // namespace audioldm
