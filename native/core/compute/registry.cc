#include "compute/registry.h"

#include <map>

#include "compute/bootstrap_means.h"
#include "compute/covariance.h"
#include "compute/frechet_distance.h"
#include "compute/frechet_infinity.h"
#include "compute/frechet_jackknife.h"
#include "compute/inception_bootstrap.h"
#include "compute/inception_score.h"
#include "compute/kernel_audio_distance.h"
#include "compute/kernel_bootstrap.h"
#include "compute/kernel_distance.h"
#include "compute/kl_divergence.h"
#include "compute/merge_statistics.h"
#include "compute/prepare.h"
#include "compute/spectral_pair.h"
#include "compute/statistics.h"
#include "compute/vggish_postprocess.h"
#include "tensor/error.h"

namespace audioldm {

Operation FindOperation(const std::string& name) {
  static const std::map<std::string, Operation> operations = {
      {"bootstrap_means", BootstrapMeans},
      {"covariance", Covariance},
      {"frechet_distance", FrechetDistance},
      {"frechet_infinity", FrechetInfinity},
      {"frechet_jackknife", FrechetJackknife},
      {"inception_bootstrap", InceptionBootstrap},
      {"inception_score", InceptionScore},
      {"kernel_audio_distance", KernelAudioDistance},
      {"kernel_bootstrap", KernelBootstrap},
      {"kernel_distance", KernelDistance},
      {"kl_divergence", KlDivergence},
      {"merge_statistics", MergeStatistics},
      {"prepare", Prepare},
      {"spectral_pair", SpectralPair},
      {"statistics", Statistics},
      {"vggish_postprocess", VggishPostprocess},
  };
  const auto found = operations.find(name);
  if (found == operations.end()) {
    throw Error(ErrorCode::kEngineFailed, "There is no operation '" + name + "'.");
  }
  return found->second;
}

}  // namespace audioldm
