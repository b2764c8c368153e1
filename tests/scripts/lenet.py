"""The classic small convolutional network: its pieces, a gradient step by hand, and training on made-up digits."""

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        return self.fc3(F.relu(self.fc2(x)))


net = Net()
print(net)
params = list(net.parameters())
print(len(params), params[0].size())
out = net(torch.randn(1, 1, 32, 32))
net.zero_grad()
out.backward(torch.randn(1, 10))
target = torch.randn(10).view(1, -1)
loss = nn.MSELoss()(net(torch.randn(1, 1, 32, 32)), target)
print(loss.grad_fn is not None, loss.grad_fn.next_functions[0][0] is not None)
net.zero_grad()
loss.backward()
for f in net.parameters():
    f.data.sub_(f.grad.data * 0.01)

patterns = torch.randn(10, 1, 32, 32)
optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
criterion = nn.CrossEntropyLoss()
running = 0.0
for i in range(40):
    labels = torch.randint(0, 10, (16,))
    inputs = patterns[labels] + 0.3 * torch.randn(16, 1, 32, 32)
    optimizer.zero_grad()
    loss = criterion(net(inputs), labels)
    loss.backward()
    optimizer.step()
    running += loss.item()
    if i % 20 == 19:
        print("[%3d] loss: %.3f" % (i + 1, running / 20))
        running = 0.0
with torch.no_grad():
    _, predicted = torch.max(net(patterns).data, 1)
print("accuracy", (predicted == torch.arange(10)).sum().item() / 10)
