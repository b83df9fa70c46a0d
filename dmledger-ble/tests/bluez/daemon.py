"""An org.bluez object tree on a private bus: one adapter, one glucose meter with a record access control point, pairing
through the caller's agent. argv: number of records. BLUEZ_MODE says what is special:
  plain        nothing
  just-works, compare, passkey
               the meter wants a bond before it answers, and pairs like this (the code is 123456)
  vanish       the daemon exits in the middle of the first write
  hang         the daemon never answers the first write
  drop         the link goes down half way through the first report
  lossy        every seventh measurement of a first report is lost
  refuse       writes are refused with ATT error 0x80
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
    @dbus.service.method("org.bluez.Device1")
    def Connect(self):
        self.change("Connected", dbus.Boolean(True))
        for node in gatt:
            root.show(node)
        self.change("ServicesResolved", dbus.Boolean(True))

    @dbus.service.method("org.bluez.Device1")
    def Disconnect(self):
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

    def notify(self, octets):
        if self.properties.get("Notifying"):
            self.change("Value", dbus.Array([dbus.Byte(octet) for octet in octets], signature="y"))


def record(number):
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
            return device.Disconnect()
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
    "Address": S("F0:F1:F2:F3:F4:F5"), "AddressType": S("random"), "Name": S("Meter"), "Alias": S("Meter"),
    "Paired": B(False), "Trusted": B(False), "Blocked": B(False), "LegacyPairing": B(False), "Connected": B(False),
    "ServicesResolved": B(False), "UUIDs": dbus.Array([uuid(0x1808)], signature="s"),
    "Adapter": dbus.ObjectPath("/org/bluez/hci0"), "RSSI": dbus.Int16(-50)}, hidden=True)
service = Node(DEVICE + "/service000a", "org.bluez.GattService1", {
    "UUID": S(uuid(0x1808)), "Primary": B(True), "Device": dbus.ObjectPath(DEVICE),
    "Includes": dbus.Array([], signature="o")}, hidden=True)


def characteristic(handle, number, flags):
    return Characteristic("%s/char%04x" % (service.path, handle), "org.bluez.GattCharacteristic1", {
        "UUID": S(uuid(number)), "Service": dbus.ObjectPath(service.path), "Value": dbus.Array([], signature="y"),
        "Notifying": B(False), "Flags": dbus.Array(flags, signature="s"), "MTU": dbus.UInt16(247)}, hidden=True)


measurement = characteristic(0xB, 0x2A18, ["notify"])
context = characteristic(0xE, 0x2A34, ["notify"])
control = characteristic(0x11, 0x2A52, ["write", "indicate"])
gatt = [service, measurement, context, control]
print("ready", flush=True)
GLib.MainLoop().run()
