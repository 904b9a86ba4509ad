#define AUDIOLDM_ISA avx512
#include "autograd/loops_body.h"
