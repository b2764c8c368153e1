"""Names to languages by a recurrent network of one's own and by nn.LSTM, letter by letter."""

import random

import torch
import torch.nn as nn

torch.manual_seed(0)
random.seed(0)
letters = "abcdefghijklmnopqrstuvwxyz"
endings = {"russian": "ov", "italian": "ini", "german": "mann"}
categories = list(endings)


def line_to_tensor(line):
    tensor = torch.zeros(len(line), 1, len(letters))
    for i, letter in enumerate(line):
        tensor[i][0][letters.index(letter)] = 1
    return tensor


def random_example():
    category = random.choice(categories)
    line = "".join(random.choice(letters) for _ in range(4)) + endings[category]
    return category, torch.tensor([categories.index(category)], dtype=torch.long), line_to_tensor(line)


class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.h2o = nn.Linear(hidden_size, output_size)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, input, hidden):
        hidden = torch.tanh(self.i2h(torch.cat((input, hidden), 1)))
        return self.softmax(self.h2o(hidden)), hidden

    def init_hidden(self):
        return torch.zeros(1, self.hidden_size)


rnn = RNN(len(letters), 32, len(categories))
criterion = nn.NLLLoss()
current = 0
for it in range(1, 601):
    category, target, line = random_example()
    hidden = rnn.init_hidden()
    rnn.zero_grad()
    for i in range(line.size()[0]):
        output, hidden = rnn(line[i], hidden)
    loss = criterion(output, target)
    loss.backward()
    for p in rnn.parameters():
        p.data.add_(p.grad.data, alpha=-0.02)
    current += loss.item()
    if it % 200 == 0:
        top_n, top_i = output.topk(1)
        print("%d %.4f" % (it, current / 200), categories[top_i[0].item()])
        current = 0


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(len(letters), 24, num_layers=2, batch_first=True, dropout=0.1)
        self.out = nn.Linear(24, len(categories))

    def forward(self, x, state=None):
        out, (h, c) = self.lstm(x, state)
        return self.out(h[-1])


model, optimizer = Tagger(), None
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(60):
    batch = [random_example() for _ in range(16)]
    xs = nn.utils.rnn.pad_sequence([b[2][-6:, 0].flip(0) for b in batch], batch_first=True)
    ys = torch.cat([b[1] for b in batch])
    loss = nn.functional.cross_entropy(model(xs), ys)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
print("lstm %.4f" % loss.item())
