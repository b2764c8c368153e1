"""Policy gradient, and an actor-critic, on a walk along a line that rewards going right."""

from collections import deque, namedtuple
from itertools import count

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.distributions import Categorical

torch.manual_seed(543)
eps = np.finfo(np.float32).eps.item()
SavedAction = namedtuple("SavedAction", ["log_prob", "value"])


class Walk:
    def reset(self):
        self.at = 0
        return np.array([0.0, 1.0], dtype=np.float32)

    def step(self, action):
        self.at += 1 if action == 1 else -1
        return np.array([self.at / 5, 1.0], dtype=np.float32), float(self.at > 0), abs(self.at) >= 5


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine1 = nn.Linear(2, 16)
        self.dropout = nn.Dropout(p=0.1)
        self.action_head = nn.Linear(16, 2)
        self.value_head = nn.Linear(16, 1)
        self.saved_actions, self.rewards = [], []

    def forward(self, x):
        x = F.relu(self.dropout(self.affine1(x)))
        return F.softmax(self.action_head(x), dim=-1), self.value_head(x)


def run(critic):
    policy, env = Policy(), Walk()
    optimizer = optim.Adam(policy.parameters(), lr=2e-2)
    recent = deque(maxlen=20)
    for episode in range(60):
        state = env.reset()
        for t in count(1):
            probs, value = policy(torch.from_numpy(state).float().unsqueeze(0))
            m = Categorical(probs)
            action = m.sample()
            policy.saved_actions.append(SavedAction(m.log_prob(action), value))
            state, reward, done = env.step(action.item())
            policy.rewards.append(reward)
            if done or t > 60:
                break
        R, returns = 0, deque()
        for r in policy.rewards[::-1]:
            R = r + 0.99 * R
            returns.appendleft(R)
        returns = torch.tensor(returns)
        returns = (returns - returns.mean()) / (returns.std() + eps)
        policy_losses, value_losses = [], []
        for (log_prob, value), R in zip(policy.saved_actions, returns):
            advantage = R - value.item() if critic else R
            policy_losses.append(-log_prob * advantage)
            value_losses.append(F.smooth_l1_loss(value.view(1), torch.tensor([R])))
        optimizer.zero_grad()
        loss = (
            torch.cat(policy_losses).sum()
            if not critic
            else (torch.stack(policy_losses).sum() + torch.stack(value_losses).sum())
        )
        loss.backward()
        optimizer.step()
        recent.append(env.at)
        del policy.rewards[:]
        del policy.saved_actions[:]
    return sum(recent) / len(recent)


print("reinforce %.2f" % run(False))
print("actor critic %.2f" % run(True))
