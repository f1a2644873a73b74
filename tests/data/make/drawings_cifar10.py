"""The drawings of CIFAR-10's classes. Things are in the middle square: that is what the demo's network sees."""
import drawings_animals as animals
import drawings_vehicles as vehicles

# Name of the picture: the drawing and its class among CIFAR-10's ten.
DRAWINGS = {
    "airliner": (vehicles.airliner, 0),
    "propeller-plane": (vehicles.propeller_plane, 0),
    "red-car": (vehicles.red_car, 1),
    "blue-car": (vehicles.blue_car, 1),
    "bird": (animals.bird, 2),
    "deer": (animals.deer, 4),
    "frog": (animals.frog, 6),
    "horse": (animals.horse, 7),
    "cargo-ship": (vehicles.cargo_ship, 8),
    "sailing-boat": (vehicles.sailing_boat, 8),
    "box-lorry": (vehicles.box_lorry, 9),
    "fire-engine": (vehicles.fire_engine, 9),
}
