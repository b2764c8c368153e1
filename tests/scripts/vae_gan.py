"""A variational autoencoder, then a generative adversarial net, on points and pictures that are made up."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.autograd import Variable

torch.manual_seed(0)
np.random.seed(0)
Tensor = torch.cuda.FloatTensor if torch.cuda.is_available() else torch.FloatTensor
prototypes = (torch.rand(4, 64) > 0.6).float()


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 32)
        self.fc21 = nn.Linear(32, 4)
        self.fc22 = nn.Linear(32, 4)
        self.fc3 = nn.Linear(4, 32)
        self.fc4 = nn.Linear(32, 64)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        return mu + torch.randn_like(std) * std

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 64))
        z = self.reparameterize(mu, logvar)
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z)))), mu, logvar


model = VAE()
optimizer = optim.Adam(model.parameters(), lr=5e-3)
for step in range(150):
    data = prototypes[torch.randint(4, (32,))]
    recon, mu, logvar = model(data)
    bce = F.binary_cross_entropy(recon, data.view(-1, 64), reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    loss = bce + kld
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step in (0, 149):
        print(f"vae {loss.item() / len(data):.3f}")

generator = nn.Sequential(
    nn.Linear(8, 4 * 4 * 8),
    nn.Unflatten(1, (8, 4, 4)),
    nn.BatchNorm2d(8),
    nn.Upsample(scale_factor=2),
    nn.Conv2d(8, 8, 3, stride=1, padding=1),
    nn.BatchNorm2d(8, 0.8),
    nn.LeakyReLU(0.2, inplace=True),
    nn.Conv2d(8, 1, 3, stride=1, padding=1),
    nn.Tanh(),
)
discriminator = nn.Sequential(
    nn.Conv2d(1, 8, 3, 2, 1),
    nn.LeakyReLU(0.2, inplace=True),
    nn.Dropout2d(0.25),
    nn.Flatten(),
    nn.Linear(8 * 16, 1),
    nn.Sigmoid(),
)


def weights_init_normal(m):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        torch.nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif classname.find("BatchNorm2d") != -1:
        torch.nn.init.normal_(m.weight.data, 1.0, 0.02)
        torch.nn.init.constant_(m.bias.data, 0.0)


generator.apply(weights_init_normal)
discriminator.apply(weights_init_normal)
adversarial_loss = torch.nn.BCELoss()
if torch.cuda.is_available():
    generator.cuda()
    discriminator.cuda()
opt_g = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(discriminator.parameters(), lr=2e-3, betas=(0.5, 0.999))
for i in range(40):
    imgs = prototypes[torch.randint(4, (16,))].view(-1, 1, 8, 8) * 2 - 1
    valid = Variable(Tensor(imgs.size(0), 1).fill_(1.0), requires_grad=False)
    fake = Variable(Tensor(imgs.size(0), 1).fill_(0.0), requires_grad=False)
    real_imgs = Variable(imgs.type(Tensor))
    opt_g.zero_grad()
    z = Variable(Tensor(np.random.normal(0, 1, (imgs.shape[0], 8))))
    gen_imgs = generator(z)
    g_loss = adversarial_loss(discriminator(gen_imgs), valid)
    g_loss.backward()
    opt_g.step()
    opt_d.zero_grad()
    d_loss = (
        adversarial_loss(discriminator(real_imgs), valid) + adversarial_loss(discriminator(gen_imgs.detach()), fake)
    ) / 2
    d_loss.backward()
    opt_d.step()
print("gan %.2f %.2f" % (d_loss.item(), g_loss.item()))
print(gen_imgs.data[:4].shape, 0 < d_loss.item() < 5)
