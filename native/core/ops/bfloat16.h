#pragma once

namespace audioldm {

// Whether oneDNN, with the instruction set that it uses in this process, multiplies bfloat16 in
// hardware: AVX512_BF16 or AMX. Where it does not, it refuses bfloat16 (AVX2) or widens it
// instruction by instruction (AVX-512), and float32 is faster in both cases.
//
// Found out once, by trying; safe from any thread.
bool MultipliesBfloat16();

}  // namespace audioldm
