"""A character model by embeddings and hand-kept batch statistics, then a small GPT, on a list of made-up words."""

import math
import random

import torch
import torch.nn as nn
from torch.nn import functional as F

g = torch.Generator().manual_seed(2147483647)
random.seed(42)
torch.manual_seed(42)
syllables = ["ka", "mi", "ro", "ta", "li", "no"]
words = ["".join(random.choice(syllables) for _ in range(random.randint(2, 4))) for _ in range(300)]
chars = sorted(set("".join(words)))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi["."] = 0
itos = {i: s for s, i in stoi.items()}
V, block = len(itos), 4

X, Y = [], []
for w in words:
    context = [0] * block
    for ch in w + ".":
        X.append(context)
        Y.append(stoi[ch])
        context = context[1:] + [stoi[ch]]
X, Y = torch.tensor(X), torch.tensor(Y)

C = torch.randn((V, 6), generator=g)
W1 = torch.randn((6 * block, 64), generator=g) * (5 / 3) / ((6 * block) ** 0.5)
W2 = torch.randn((64, V), generator=g) * 0.01
b2 = torch.randn(V, generator=g) * 0
gain, bias = torch.ones((1, 64)), torch.zeros((1, 64))
mean_running, std_running = torch.zeros((1, 64)), torch.ones((1, 64))
parameters = [C, W1, W2, b2, gain, bias]
print(sum(p.nelement() for p in parameters))
for p in parameters:
    p.requires_grad = True
for i in range(300):
    ix = torch.randint(0, X.shape[0], (32,), generator=g)
    hpre = C[X[ix]].view(-1, 6 * block) @ W1
    m, s = hpre.mean(0, keepdim=True), hpre.std(0, keepdim=True)
    h = torch.tanh(gain * (hpre - m) / s + bias)
    with torch.no_grad():
        mean_running = 0.99 * mean_running + 0.01 * m
        std_running = 0.99 * std_running + 0.01 * s
    loss = F.cross_entropy(h @ W2 + b2, Y[ix])
    for p in parameters:
        p.grad = None
    loss.backward()
    for p in parameters:
        p.data += -(0.2 if i < 200 else 0.05) * p.grad
print(f"mlp {loss.item():.4f}")
out, context = [], [0] * block
while len(out) < 20:
    h = torch.tanh(gain * ((C[torch.tensor([context])].view(1, -1) @ W1) - mean_running) / std_running + bias)
    ix = torch.multinomial(F.softmax(h @ W2 + b2, dim=1), num_samples=1, generator=g).item()
    context = context[1:] + [ix]
    if ix == 0:
        break
    out.append(ix)
print("".join(itos[i] for i in out) != "")


class CausalSelfAttention(nn.Module):
    def __init__(self, n_embd, n_head, block_size):
        super().__init__()
        self.c_attn = nn.Linear(n_embd, 3 * n_embd)
        self.c_proj = nn.Linear(n_embd, n_embd)
        self.register_buffer("mask", torch.tril(torch.ones(block_size, block_size)).view(1, 1, block_size, block_size))
        self.n_head = n_head

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(C, dim=2)
        q, k, v = (t.view(B, T, self.n_head, C // self.n_head).transpose(1, 2) for t in (q, k, v))
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.masked_fill(self.mask[:, :, :T, :T] == 0, float("-inf"))
        y = F.softmax(att, dim=-1) @ v
        return self.c_proj(y.transpose(1, 2).contiguous().view(B, T, C))


class Block(nn.Module):
    def __init__(self, n_embd, n_head, block_size):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(n_embd), nn.LayerNorm(n_embd)
        self.attn = CausalSelfAttention(n_embd, n_head, block_size)
        self.mlp = nn.ModuleDict(
            dict(c_fc=nn.Linear(n_embd, 4 * n_embd), act=nn.GELU(), c_proj=nn.Linear(4 * n_embd, n_embd))
        )

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        m = self.mlp
        return x + m.c_proj(m.act(m.c_fc(self.ln_2(x))))


class GPT(nn.Module):
    def __init__(self, vocab, block_size, n_embd=32, n_head=2, n_layer=2):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab, n_embd), nn.Embedding(block_size, n_embd)
        self.h = nn.ModuleList([Block(n_embd, n_head, block_size) for _ in range(n_layer)])
        self.ln_f = nn.LayerNorm(n_embd)
        self.lm_head = nn.Linear(n_embd, vocab, bias=False)
        self.wte.weight = self.lm_head.weight
        self.apply(self._init_weights)

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            torch.nn.init.normal_(module.weight, mean=0.0, std=0.02)
            if module.bias is not None:
                torch.nn.init.zeros_(module.bias)

    def forward(self, idx, targets=None):
        pos = torch.arange(0, idx.size(1), dtype=torch.long, device=idx.device).unsqueeze(0)
        x = self.wte(idx) + self.wpe(pos)
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        loss = None
        if targets is not None:
            loss = F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)
        return logits, loss


text = torch.tensor([stoi[c] for c in ".".join(words)], dtype=torch.long)
model = GPT(V, 8)
decay = [p for p in model.parameters() if p.dim() >= 2]
rest = [p for p in model.parameters() if p.dim() < 2]
groups = [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=3e-3, betas=(0.9, 0.95))
for it in range(80):
    ix = torch.randint(len(text) - 8, (16,))
    x = torch.stack([text[i : i + 8] for i in ix])
    y = torch.stack([text[i + 1 : i + 9] for i in ix])
    logits, loss = model(x, y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for group in optimizer.param_groups:
        group["lr"] = 3e-3 * min(1, (it + 1) / 10)
    optimizer.step()
print(f"gpt {loss.item():.4f}")


@torch.no_grad()
def generate(idx, n):
    for _ in range(n):
        logits, _ = model(idx[:, -8:])
        logits = logits[:, -1, :]
        v, _ = torch.topk(logits, 5)
        logits[logits < v[:, [-1]]] = -float("Inf")
        idx = torch.cat((idx, torch.multinomial(F.softmax(logits, dim=-1), num_samples=1)), dim=1)
    return idx


print(generate(torch.zeros((1, 1), dtype=torch.long), 12).shape)
