"""An org.bluez object tree on a private bus: one adapter, one device, pairing through the caller's agent. argv: number of
records. BLUEZ_DEVICE says what the device is: meter (the default) or sensor, with a record access control point; cuff,
thermometer, scale or oximeter, which indicate what they keep to whoever subscribes; heart-rate or finger-clip, an oximeter
that keeps nothing, which stream; unknown, which has no health service. BLUEZ_MODE says what is special:
  plain        nothing
  just-works, compare, passkey
               the meter wants a bond before it answers, and pairs like this (the code is 123456)
  vanish       the daemon exits in the middle of the first write
  hang         the daemon never answers the first write
  drop         the link goes down half way through the first report
  lossy        every seventh measurement of a first report is lost
  refuse       writes are refused with ATT error 0x80
  lingers      the link goes down half a second after the daemon has said that it is
  clings       the link does not go down when the daemon is asked to end it
  mute         the link does not go down, and asked for the device's state then, the daemon answers with an error or not at all
  damaged      the last value that is indicated or streamed ends too early
"""
import os
import struct
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

RECORDS = int(sys.argv[1]) if len(sys.argv) > 1 else 25
MODE = os.environ.get("BLUEZ_MODE", "plain")
KIND = os.environ.get("BLUEZ_DEVICE", "meter")
CODE = 123456
PROPERTIES = "org.freedesktop.DBus.Properties"
MANAGER = "org.freedesktop.DBus.ObjectManager"
DEVICE = "/org/bluez/hci0/dev_F0_F1_F2_F3_F4_F5"

dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
name = dbus.service.BusName("org.bluez", bus)
tree = {}


def uuid(number):
    return "0000%04x-0000-1000-8000-00805f9b34fb" % number


def failed(error, message):
    return dbus.exceptions.DBusException(message, name="org.bluez.Error." + error)


class Node(dbus.service.Object):
    def __init__(self, path, interface, properties, hidden=False):
        super().__init__(bus, path)
        self.path, self.interface, self.properties, self.shown = path, interface, properties, not hidden
        tree[path] = self

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, interface, key):
        return self.properties[key]

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return dbus.Dictionary(self.properties, signature="sv")

    @dbus.service.method(PROPERTIES, in_signature="ssv")
    def Set(self, interface, key, value):
        self.change(key, value)

    @dbus.service.signal(PROPERTIES, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, invalidated):
        pass

    def change(self, key, value):
        self.properties[key] = value
        changed = dbus.Dictionary({key: value}, signature="sv")
        self.PropertiesChanged(self.interface, changed, dbus.Array([], signature="s"))


def listed(node):
    return dbus.Dictionary({node.interface: dbus.Dictionary(node.properties, signature="sv")}, signature="sa{sv}")


class Root(dbus.service.Object):
    @dbus.service.method(MANAGER, out_signature="a{oa{sa{sv}}}")
    def GetManagedObjects(self):
        return dbus.Dictionary({n.path: listed(n) for n in tree.values() if n.shown}, signature="oa{sa{sv}}")

    @dbus.service.signal(MANAGER, signature="oa{sa{sv}}")
    def InterfacesAdded(self, path, interfaces):
        pass

    def show(self, node):
        node.shown = True
        self.InterfacesAdded(node.path, listed(node))


class Agents(dbus.service.Object):
    """Agents by the connection that registered them."""
    known = {}

    @dbus.service.method("org.bluez.AgentManager1", in_signature="os", sender_keyword="sender")
    def RegisterAgent(self, path, capability, sender=None):
        if sender in self.known:
            raise failed("AlreadyExists", "Already Exists")
        self.known[sender] = (path, capability)


class Adapter(Node):
    @dbus.service.method("org.bluez.Adapter1", in_signature="a{sv}")
    def SetDiscoveryFilter(self, wanted):
        pass

    @dbus.service.method("org.bluez.Adapter1")
    def StartDiscovery(self):
        self.change("Discovering", dbus.Boolean(True))
        GLib.timeout_add(50, lambda: root.show(device) and False)

    @dbus.service.method("org.bluez.Adapter1")
    def StopDiscovery(self):
        self.change("Discovering", dbus.Boolean(False))

    @dbus.service.method("org.bluez.Adapter1", in_signature="o")
    def RemoveDevice(self, path):
        if path != device.path or not device.shown:
            raise failed("DoesNotExist", "Does Not Exist")
        device.shown = False
        device.properties["Paired"] = dbus.Boolean(False)


class Device(Node):
    questions = None

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}", async_callbacks=("done", "fail"))
    def GetAll(self, interface, done=None, fail=None):
        if self.questions is None:
            return done(dbus.Dictionary(self.properties, signature="sv"))
        self.questions += 1
        if self.questions % 2 == 1:
            fail(failed("Failed", "Operation failed"))

    @dbus.service.method("org.bluez.Device1")
    def Connect(self):
        self.change("Connected", dbus.Boolean(True))
        for node in gatt:
            root.show(node)
        self.change("ServicesResolved", dbus.Boolean(True))

    @dbus.service.method("org.bluez.Device1")
    def Disconnect(self):
        if MODE == "lingers":
            GLib.timeout_add(500, lambda: self.down() and False)
        elif MODE == "mute":
            self.questions = self.questions or 0
        elif MODE != "clings":
            self.down()

    def down(self):
        for node in gatt:
            node.properties.pop("Notifying", None)
        self.change("ServicesResolved", dbus.Boolean(False))
        self.change("Connected", dbus.Boolean(False))

    @dbus.service.method("org.bluez.Device1", sender_keyword="sender", async_callbacks=("done", "fail"))
    def Pair(self, sender=None, done=None, fail=None):
        path, capability = Agents.known.get(sender, (None, "NoInputNoOutput"))
        if MODE not in ("just-works", "compare", "passkey"):
            return fail(failed("AuthenticationFailed", "Authentication Failed"))
        if MODE == "just-works":
            return self.paired(done)
        if path is None or capability == "NoInputNoOutput":
            return fail(failed("AuthenticationFailed", "Authentication Failed"))
        agent = dbus.Interface(bus.get_object(sender, path, introspect=False), "org.bluez.Agent1")
        refused = lambda error: fail(failed("AuthenticationRejected", "Authentication Rejected"))
        if MODE == "compare":
            agent.RequestConfirmation(
                dbus.ObjectPath(self.path), dbus.UInt32(CODE), reply_handler=lambda: self.paired(done), error_handler=refused)
        else:
            def typed(code):
                return self.paired(done) if code == CODE else fail(failed("AuthenticationFailed", "Authentication Failed"))
            agent.RequestPasskey(dbus.ObjectPath(self.path), reply_handler=typed, error_handler=refused)

    def paired(self, done):
        self.change("Paired", dbus.Boolean(True))
        done()


class Characteristic(Node):
    @dbus.service.method("org.bluez.GattCharacteristic1")
    def StartNotify(self):
        self.change("Notifying", dbus.Boolean(True))
        if self is measurement and KIND in KEPT:
            GLib.idle_add(lambda: send_kept() and False)
        if self is measurement and KIND in STREAMED:
            GLib.timeout_add(50, stream, list(range(RECORDS)))

    @dbus.service.method("org.bluez.GattCharacteristic1", in_signature="a{sv}", out_signature="ay")
    def ReadValue(self, options):
        return octets(self.readable)

    @dbus.service.method("org.bluez.GattCharacteristic1")
    def StopNotify(self):
        self.change("Notifying", dbus.Boolean(False))

    @dbus.service.method("org.bluez.GattCharacteristic1", in_signature="aya{sv}", async_callbacks=("done", "fail"))
    def WriteValue(self, value, options, done=None, fail=None):
        if MODE == "vanish":
            os._exit(0)
        if MODE == "hang":
            return
        if MODE == "refuse":
            return fail(failed("Failed", "Operation failed with ATT error: 0x80"))
        if MODE in ("just-works", "compare", "passkey") and not device.properties["Paired"]:
            return fail(failed("NotPermitted", "Not paired"))
        done()
        request = bytes(value)
        GLib.idle_add(lambda: serve(request) and False)

    def notify(self, value):
        if self.properties.get("Notifying"):
            self.change("Value", octets(value))


def octets(value):
    return dbus.Array([dbus.Byte(octet) for octet in value], signature="y")


TIME = struct.pack("<HBBBBB", 2026, 1, 1, 8, 0, 0)
# What devices keep: service, characteristic, and the octets of a value by its number.
KEPT = {
    "cuff": (0x1810, 0x2A35, lambda n: struct.pack("<BHHH", 6, 120 + n % 20, 80, 93) + at(n) + struct.pack("<H", 60 + n % 9)),
    "thermometer": (0x1809, 0x2A1C, lambda n: struct.pack("<BI", 2, 0xFF000000 | (365 + n % 9)) + at(n)),
    "scale": (0x181D, 0x2A9D, lambda n: struct.pack("<BH", 2, 14000 + n) + at(n)),
    "oximeter": (0x1822, 0x2A5E, lambda n: struct.pack("<BHH", 1, 95 + n % 5, 70) + at(n)),
}


def at(number):
    return TIME[:5] + bytes([number // 60 % 60, number % 60])


def send_kept():
    for number in range(RECORDS):
        spoilt = MODE == "damaged" and number == RECORDS - 1
        measurement.notify(KEPT[KIND][2](number)[: 3 if spoilt else None])


# What devices stream: service, characteristic, and the octets of a value by its number.
STREAMED = {
    "heart-rate": (0x180D, 0x2A37, lambda n: struct.pack("<BBH", 0x16, 60 + n % 9, 1000)),
    "finger-clip": (0x1822, 0x2A5F, lambda n: struct.pack("<BHHHH", 1, 95 + n % 5, 60 + n % 9, 96, 70)),
}


def stream(left):
    number = left.pop(0)
    spoilt = MODE == "damaged" and not left
    measurement.notify(STREAMED[KIND][2](number)[: 1 if spoilt else None])
    return bool(left)


def record(number):
    if KIND == "sensor":
        return struct.pack("<BBHH", 6, 0, 90 + number % 100, number)
    return struct.pack("<BHHBBBBBhHB", 3, number & 0xFFFF, 2026, 1, 1, 0, number % 60, 0, 0, 0xB000 | (70 + number % 200), 0x11)


def chosen(request):
    numbers = list(range(1, RECORDS + 1))
    operator, operand = request[1], request[2:]
    if operator == 1:
        return numbers
    if operator in (5, 6):
        return numbers[:1] if operator == 5 else numbers[-1:]
    limits = struct.unpack("<%dH" % (len(operand[1:]) // 2), operand[1:])
    low, high = {2: (0, limits[0]), 3: (limits[0], 65535), 4: (limits[0], limits[-1])}[operator]
    return [number for number in numbers if low <= number <= high]


first_report = True


def serve(request):
    global first_report
    if request[0] == 3:
        return control.notify([6, 0, 3, 1])
    found = chosen(request)
    if request[0] == 4:
        return control.notify(struct.pack("<BBH", 5, 0, len(found)))
    spoilt, first_report = first_report, False
    for place, number in enumerate(found):
        if spoilt and MODE == "drop" and place == len(found) // 2:
            return device.down()
        if spoilt and MODE == "lossy" and place % 7 == 3:
            continue
        measurement.notify(record(number))
    control.notify([6, 0, 1, 1 if found else 6])


S, B = dbus.String, dbus.Boolean
root = Root(bus, "/")
agents = Agents(bus, "/org/bluez")
adapter = Adapter("/org/bluez/hci0", "org.bluez.Adapter1", {
    "Address": S("C0:DE:00:00:00:01"), "AddressType": S("public"), "Name": S("emulated"), "Alias": S("emulated"),
    "Class": dbus.UInt32(0), "Powered": B(True), "Discoverable": B(False), "DiscoverableTimeout": dbus.UInt32(0),
    "Pairable": B(False), "PairableTimeout": dbus.UInt32(0), "Discovering": B(False),
    "UUIDs": dbus.Array([], signature="s"), "Modalias": S("usb:v1D6Bp0246d0542")})
device = Device(DEVICE, "org.bluez.Device1", {
    "Address": S("F0:F1:F2:F3:F4:F5"), "AddressType": S("random"), "Name": S("Device"), "Alias": S("Device"),
    "Paired": B(False), "Trusted": B(False), "Blocked": B(False), "LegacyPairing": B(False), "Connected": B(False),
    "ServicesResolved": B(False), "UUIDs": dbus.Array([], signature="s"),
    "Adapter": dbus.ObjectPath("/org/bluez/hci0"), "RSSI": dbus.Int16(-50)}, hidden=True)
SERVICES = {"meter": 0x1808, "sensor": 0x181F, "unknown": 0x1801}
SERVICES.update({kind: of[0] for kind, of in {**KEPT, **STREAMED}.items()})
device.properties["UUIDs"] = dbus.Array([uuid(SERVICES[KIND])], signature="s")
service = Node(DEVICE + "/service000a", "org.bluez.GattService1", {
    "UUID": S(uuid(SERVICES[KIND])), "Primary": B(True), "Device": dbus.ObjectPath(DEVICE),
    "Includes": dbus.Array([], signature="o")}, hidden=True)


def characteristic(handle, number, flags, readable=b""):
    found = Characteristic("%s/char%04x" % (service.path, handle), "org.bluez.GattCharacteristic1", {
        "UUID": S(uuid(number)), "Service": dbus.ObjectPath(service.path), "Value": dbus.Array([], signature="y"),
        "Notifying": B(False), "Flags": dbus.Array(flags, signature="s"), "MTU": dbus.UInt16(247)}, hidden=True)
    found.readable = readable
    return found


MEASUREMENTS = {"meter": 0x2A18, "sensor": 0x2AA7, "unknown": 0x2A05}
MEASUREMENTS.update({kind: of[1] for kind, of in {**KEPT, **STREAMED}.items()})
measurement = characteristic(0xB, MEASUREMENTS[KIND], ["indicate" if KIND in KEPT else "notify"])
gatt = [service, measurement]
if KIND in ("meter", "sensor"):
    control = characteristic(0x11, 0x2A52, ["write", "indicate"])
    gatt.append(control)
if KIND == "meter":
    gatt.append(characteristic(0xE, 0x2A34, ["notify"]))
if KIND == "sensor":
    gatt += [
        # Values have no check at their end.
        characteristic(0x14, 0x2AA8, ["read"], bytes([0, 0, 0, 0x19, 0xFF, 0xFF])),
        characteristic(0x17, 0x2AA9, ["read"], bytes([1, 0, 0, 0, 0])),
        characteristic(0x1A, 0x2AAA, ["read", "write"], TIME + bytes([0, 0])),
        characteristic(0x1D, 0x2AAB, ["read"], bytes([0xE0, 0x01])),
    ]
print("ready", flush=True)
GLib.MainLoop().run()
