# After training: a ResNet-50 of torchvision whose fc was replaced for your own classes.
import torch
import torchvision

classes = open("labels.txt").read().split("\n")[:-1]
model = torchvision.models.resnet50()
model.fc = torch.nn.Linear(2048, len(classes))
# model.load_state_dict(...), or your training, here
torch.save(model.state_dict(), "model.pth")
