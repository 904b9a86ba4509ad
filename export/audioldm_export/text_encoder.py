"""The text tower of CLAP (transformers: ClapTextModelWithProjection)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import Embedding, LayerNorm, Linear

MAX_LAYERS = 24


class Embeddings(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.word_embeddings = Embedding()
        self.position_embeddings = Embedding()
        self.token_type_embeddings = Embedding()
        self.LayerNorm = LayerNorm()

    def forward(self, input_ids: Tensor, pad_token_id: int, eps: float) -> Tensor:
        """Positions count the tokens that are not padding, from pad + 1; padding sits at pad."""
        real = input_ids != pad_token_id
        positions = torch.cumsum(real, dim=1) * real + pad_token_id
        x = self.word_embeddings(input_ids) + self.token_type_embeddings.weight[0]
        return self.LayerNorm(x + self.position_embeddings(positions), eps)


class SelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query = Linear()
        self.key = Linear()
        self.value = Linear()

    def forward(self, x: Tensor, mask: Tensor, heads: int) -> Tensor:
        batch, tokens, channels = x.shape
        weight = torch.cat([self.query.weight, self.key.weight, self.value.weight])
        bias = torch.cat([self.query.bias, self.key.bias, self.value.bias])
        qkv = F.linear(x, weight, bias).view(batch, tokens, 3, heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        x = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return x.transpose(1, 2).reshape(batch, tokens, channels)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = Linear()
        self.LayerNorm = LayerNorm()

    def forward(self, h: Tensor, x: Tensor, eps: float) -> Tensor:
        return self.LayerNorm(self.dense(h) + x, eps)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.self = SelfAttention()
        self.output = Residual()

    def forward(self, x: Tensor, mask: Tensor, heads: int, eps: float) -> Tensor:
        return self.output(self.self(x, mask, heads), x, eps)


class Intermediate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = Linear()

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.dense(x))


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = Attention()
        self.intermediate = Intermediate()
        self.output = Residual()

    def forward(self, x: Tensor, mask: Tensor, heads: int, eps: float) -> Tensor:
        x = self.attention(x, mask, heads, eps)
        return self.output(self.intermediate(x), x, eps)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.ModuleList([Layer() for _ in range(MAX_LAYERS)])

    def forward(self, x: Tensor, mask: Tensor, layers: int, heads: int, eps: float) -> Tensor:
        for i, layer in enumerate(self.layer):
            if i < layers:
                x = layer(x, mask, heads, eps)
        return x


class Pooler(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = Linear()

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.dense(x[:, 0]))


class TextModel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embeddings = Embeddings()
        self.encoder = Encoder()
        self.pooler = Pooler()

    def forward(
        self, input_ids: Tensor, mask: Tensor, layers: int, heads: int, eps: float, pad: int
    ) -> Tensor:
        x = self.embeddings(input_ids, pad, eps)
        return self.pooler(self.encoder(x, mask, layers, heads, eps))


class Projection(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear1 = Linear()
        self.linear2 = Linear()

    def forward(self, x: Tensor) -> Tensor:
        return self.linear2(torch.relu(self.linear1(x)))


class TextEncoder(nn.Module):
    """Token ids and mask [B, L], of any type → text embeddings [B, 512], not normalised."""

    num_layers: int
    heads: int
    layer_norm_eps: float
    pad_token_id: int

    def __init__(self) -> None:
        super().__init__()
        self.num_layers = 12
        self.heads = 12
        self.layer_norm_eps = 1e-12
        self.pad_token_id = 1
        self.text_model = TextModel()
        self.text_projection = Projection()

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        pooled = self.text_model(
            input_ids.to(torch.int64),
            attention_mask.to(torch.bool)[:, None, None, :],
            self.num_layers,
            self.heads,
            self.layer_norm_eps,
            self.pad_token_id,
        )
        return self.text_projection(pooled)
