#include "training/training_data.h"

#include <string>

#include "tensor/error.h"

namespace audioldm {
namespace {

[[noreturn]] void Refuse(const std::string& message) {
  throw Error(ErrorCode::kEngineFailed, "The training data cannot be used: " + message + ".");
}

std::string ShapeText(const at::Tensor& tensor) {
  std::string text = "[";
  for (int64_t i = 0; i < tensor.dim(); ++i) {
    text += (i ? ", " : "") + std::to_string(tensor.size(i));
  }
  return text + "]";
}

void CheckFloats(const at::Tensor& tensor, const std::string& name) {
  if (tensor.scalar_type() != at::kFloat || !tensor.is_cpu()) {
    Refuse("'" + name + "' is not float32 on the CPU");
  }
}

void CheckEmbeddings(const at::Tensor& tensor, int64_t width, const std::string& name) {
  if (!tensor.defined()) return;
  CheckFloats(tensor, name);
  if (tensor.dim() != 2 || tensor.size(1) != width) {
    Refuse("'" + name + "' is " + ShapeText(tensor) + ", not [rows, " + std::to_string(width) +
           "]");
  }
}

// Each row is one of the tensor's, or -1 where an item may have none.
void CheckRows(const std::vector<int64_t>& rows, const at::Tensor& tensor, bool optional,
               const std::string& name) {
  const int64_t count = tensor.defined() ? tensor.size(0) : 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < (optional ? -1 : 0) || rows[i] >= count) {
      Refuse("entry " + std::to_string(i) + " of '" + name + "' is row " + std::to_string(rows[i]) +
             " of " + std::to_string(count));
    }
  }
}

void CheckLength(const std::vector<int64_t>& rows, int64_t expected, const std::string& name) {
  if (static_cast<int64_t>(rows.size()) != expected) {
    Refuse("'" + name + "' has " + std::to_string(rows.size()) + " entries, not " +
           std::to_string(expected));
  }
}

void CheckStarts(const std::vector<int64_t>& starts, size_t captions) {
  int64_t last = 0;
  for (const int64_t start : starts) {
    if (start < last || start > static_cast<int64_t>(captions)) {
      Refuse("'textStart' does not rise from 0 to the number of captions");
    }
    last = start;
  }
}

}  // namespace

std::vector<int64_t> TrainingData::latent_shape() const {
  return {moments.size(1) / 2, moments.size(2), moments.size(3)};
}

void CheckTrainingData(const TrainingData& data, int64_t channels, int64_t width) {
  if (data.items() == 0) Refuse("it has no items");
  if (!data.moments.defined()) Refuse("'moments' is missing");
  CheckFloats(data.moments, "moments");
  if (data.moments.dim() != 4 || data.moments.size(1) != 2 * channels || data.moments.size(2) < 1 ||
      data.moments.size(3) < 1) {
    Refuse("'moments' is " + ShapeText(data.moments) + ", not [rows, " +
           std::to_string(2 * channels) + ", frames, bins]");
  }
  CheckRows(data.moments_row, data.moments, true, "momentsRow");

  CheckEmbeddings(data.text, width, "text");
  if (data.text.defined()) {
    CheckRows(data.text_rows, data.text, false, "textRows");
    CheckLength(data.text_start, data.items() + 1, "textStart");
    CheckStarts(data.text_start, data.text_rows.size());
  }
  CheckEmbeddings(data.audio, width, "audio");
  if (data.audio.defined()) {
    CheckRows(data.audio_row, data.audio, true, "audioRow");
    CheckLength(data.audio_row, data.items(), "audioRow");
  }
  if (!data.unconditional.defined()) Refuse("'unconditional' is missing");
  CheckFloats(data.unconditional, "unconditional");
  if (data.unconditional.dim() != 1 || data.unconditional.size(0) != width) {
    Refuse("'unconditional' is " + ShapeText(data.unconditional) + ", not [" +
           std::to_string(width) + "]");
  }
}

}  // namespace audioldm
