"""The egodriver contract, call by call: sessions are found, messages read, refusals become gRPC statuses, and whatever goes wrong in a
call ends that call, not the server. Message classes and stubs are those of the package `carla-driver-interface` (extra `serve`)."""

import functools
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

import grpc
from carla_driver_interface import protocol

from caravela.core.errors import CaravelaError
from caravela.core.protocols import Policy
from caravela.core.types import Rig
from caravela.vehicle.serve import wire
from caravela.vehicle.serve.optics import Optic
from caravela.vehicle.serve.refusal import Refusal, Unusable
from caravela.vehicle.serve.session import Answer, Session

SESSIONS_MAX = 64
CAMERAS_MAX = 32
POSES_MAX = 10_000  # in one message
TIMES_KEPT = 100_000
IDLE_S = 900.0  # s without a call, after which a session may be forgotten for a new one
REVISION_KEY, REVISIONS = "carla-driver-interface-contract", ("1", "2")  # of metadata; 1: cameras are declared by their bodies


def answering(call: Callable[..., Any]) -> Callable[..., Any]:
    """A call of the contract: what it raises becomes a status with one sentence."""

    @functools.wraps(call)
    def answered(self: "Egodriver", request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(self, request, context)
        except CaravelaError as error:
            status, sentence = getattr(error, "status", "FAILED_PRECONDITION"), str(error)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            status, sentence = (
                "INTERNAL",
                f"the server failed at this call ({type(error).__name__}) and goes on; its log says more: report it.",
            )
        with self._lock:
            self.refused += 1
        context.abort(grpc.StatusCode[status], sentence)

    return answered


class Egodriver(protocol.EgodriverServiceServicer):
    """Serves a policy to any number of sessions at once, up to SESSIONS_MAX."""

    def __init__(
        self,
        policy_of: Callable[[], Policy],
        rig: Rig,
        *,
        version: str,
        words: str = "",
        lefthand: bool = False,
        tell: Callable[[str], None] = lambda sentence: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`policy_of` gives each session its policy: the same one where it remembers nothing between plans. `rig` is what it looks through;
        `words` are said to it throughout, as is whether traffic keeps to the left; `tell` hears of sessions. Plans are made one at a time."""
        self._policy_of, self._rig, self._version, self._words, self._tell, self._clock = policy_of, rig, version, words, tell, clock
        self._lefthand = lefthand
        self._sessions: dict[str, Session] = {}
        self._carla: set[str] = set()  # sessions of a client that reads the CARLA extension's debug message
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()  # of all that several calls change
        self._planning = threading.Lock()
        self.begun = self.planned = self.refused = 0
        self.drive_s: deque[float] = deque(maxlen=TIMES_KEPT)  # of the last plans, waiting for others included

    @answering
    def get_version(self, request: protocol.Empty, context: grpc.ServicerContext) -> protocol.VersionId:
        context.send_initial_metadata(((REVISION_KEY, REVISIONS[-1]),))
        return protocol.VersionId(version_id=self._version, git_hash="", grpc_api_version=protocol.ALPASIM_API_VERSION)

    @answering
    def start_session(self, request: protocol.DriveSessionRequest, context: grpc.ServicerContext) -> protocol.SessionRequestStatus:
        name = request.session_uuid
        if not name:
            raise Refusal("the session has no session_uuid; expected one of its own: make one.")
        revision = _revision(context)
        optics, left_out = _optics(request.rollout_spec.vehicle.available_cameras, body_frame=revision == "1")
        with self._lock:
            self._make_room(name)
        policy = self._policy_of()
        try:
            session = Session(name, optics, self._rig, policy, idle=left_out, words=self._words, lefthand=self._lefthand)
        except Refusal as refusal:
            why = f" Not usable: {' '.join(left_out.values())}" if left_out else ""
            raise Refusal(f"{refusal}{why}", refusal.status) from refusal
        with self._planning:
            policy.reset(1)
        with self._lock:
            self._make_room(name)
            self._sessions[name], self._used[name] = session, self._clock()
            if revision is not None:
                self._carla.add(name)
            self.begun += 1
        filled = ", ".join(f"{view.replace('_', ' ')} {share:.0%}" for view, share in session.filled.items())
        self._tell(f"session {name[:80]} begins; cameras in use: {', '.join(session.cameras)}; of the driver's views they fill {filled}.")
        for sentence in left_out.values():
            self._tell(f"session {name[:80]}: not in use: {sentence}")
        return protocol.SessionRequestStatus()

    @answering
    def close_session(self, request: protocol.DriveSessionCloseRequest, context: grpc.ServicerContext) -> protocol.Empty:
        self._session(request.session_uuid)
        with self._lock:
            self._forget(request.session_uuid)
        self._tell(f"session {request.session_uuid[:80]} ends.")
        return protocol.Empty()

    @answering
    def submit_image_observation(self, request: protocol.RolloutCameraImage, context: grpc.ServicerContext) -> protocol.Empty:
        session, image = self._session(request.session_uuid), request.camera_image
        name, what = image.logical_id, f"camera '{image.logical_id[:80]}'"
        start_us = wire.moment(image.frame_start_us, what=f"frame_start_us of {what}")
        t_us = wire.moment(image.frame_end_us, what=f"frame_end_us of {what}")
        if t_us < start_us:
            raise Refusal(f"the picture of {what} ends at {t_us} us, before it starts at {start_us} us; expected the end after the start.")
        if name in session.cameras:
            session.check(name, t_us)
            session.see(name, t_us, wire.picture(image.image_bytes, what=what))
        elif name not in session.declared:
            raise Refusal(f"{what} was not declared at start_session; expected one of {', '.join(sorted(session.declared))[:300]}.")
        return protocol.Empty()

    @answering
    def submit_egomotion_observation(self, request: protocol.RolloutEgoTrajectory, context: grpc.ServicerContext) -> protocol.Empty:
        session = self._session(request.session_uuid)
        poses, states = request.trajectory.poses, request.dynamic_states
        if len(poses) > POSES_MAX:
            raise Refusal(f"got {len(poses)} ego poses at once; expected at most {POSES_MAX}.")
        if len(states) not in (0, len(poses)):
            raise Refusal(f"got {len(states)} dynamic states for {len(poses)} ego poses; expected one for each pose, or none.")
        session.move([wire.known(pose, states[at] if len(states) else None) for at, pose in enumerate(poses)])
        return protocol.Empty()

    @answering
    def submit_route(self, request: protocol.RouteRequest, context: grpc.ServicerContext) -> protocol.Empty:
        session, route = self._session(request.session_uuid), request.route
        session.lead(wire.moment(route.timestamp_us, what="the time of the route"), wire.waypoints(route.waypoints))
        return protocol.Empty()

    @answering
    def submit_recording_ground_truth(self, request: protocol.GroundTruthRequest, context: grpc.ServicerContext) -> protocol.Empty:
        """Where the recorded car went is not for the driver: nothing of it is read."""
        self._session(request.session_uuid)
        return protocol.Empty()

    @answering
    def drive(self, request: protocol.DriveRequest, context: grpc.ServicerContext) -> protocol.DriveResponse:
        session, began = self._session(request.session_uuid), time.perf_counter()
        now_us = wire.moment(request.time_now_us, what="time_now_us")
        query_us = wire.moment(request.time_query_us, what="time_query_us")
        answer = session.drive(now_us, query_us, planning=self._planning)
        if answer is None:
            return protocol.DriveResponse()  # an empty trajectory: the contract's word for "hold, there is no plan yet"
        response = protocol.DriveResponse(trajectory=wire.trajectory(answer.times_us, answer.positions, answer.quaternions))
        times, positions, quaternions = answer.proposals
        response.debug_info.sampled_trajectories.extend(wire.trajectory(times, *of) for of in zip(positions, quaternions))
        took = time.perf_counter() - began
        with self._lock:
            self.planned += 1
            self.drive_s.append(took)
        if request.session_uuid in self._carla:
            response.debug_info.unstructured_debug_info = protocol.pack_debug_info(_debug(session.policy.name, answer, took))
        return response

    def _session(self, name: str) -> Session:
        with self._lock:
            session = self._sessions.get(name)
            if session is None:
                raise Refusal(f"there is no session '{name[:80]}'; expected one that start_session began and nobody closed.", "NOT_FOUND")
            self._used[name] = self._clock()
        return session

    def _make_room(self, name: str) -> None:
        """Raises Refusal where the session exists or there are too many; forgets idle ones."""
        if name in self._sessions:
            raise Refusal(
                f"there is a session '{name[:80]}' already; expected another session_uuid, or close_session first.", "ALREADY_EXISTS"
            )
        for idle in [other for other, used in self._used.items() if self._clock() - used > IDLE_S]:
            self._forget(idle)
        if len(self._sessions) >= SESSIONS_MAX:
            raise Refusal(f"{SESSIONS_MAX} sessions are open, which is all that fit; close one first.", "RESOURCE_EXHAUSTED")

    def _forget(self, name: str) -> None:
        self._sessions.pop(name, None)
        self._used.pop(name, None)
        self._carla.discard(name)


def _revision(context: grpc.ServicerContext) -> str | None:
    """What the client says of its dialect; None for AlpaSim itself, which says nothing. Raises Refusal for one that we do not know."""
    said = dict(context.invocation_metadata() or ()).get(REVISION_KEY)
    if said is None:
        return None
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else str(said)
    if text not in REVISIONS:
        raise Refusal(
            f"the client speaks revision '{text[:20]}' of {REVISION_KEY}; expected {' or '.join(REVISIONS)}: use carla-driver-interface 2.x.",
            "FAILED_PRECONDITION",
        )
    return text


def _optics(cameras: Any, *, body_frame: bool) -> tuple[dict[str, Optic], dict[str, str]]:
    """The cameras that can be warped, and by name a sentence for each that cannot. Raises Refusal for two of one name, for too many and
    for one that makes no sense."""
    if len(cameras) > CAMERAS_MAX:
        raise Refusal(f"the session declares {len(cameras)} cameras; expected at most {CAMERAS_MAX}.")
    optics: dict[str, Optic] = {}
    left_out: dict[str, str] = {}
    for camera in cameras:
        if not camera.logical_id or camera.logical_id in optics or camera.logical_id in left_out:
            raise Refusal(
                f"the session declares the camera '{camera.logical_id[:80]}' twice or without a name; expected a logical_id for each."
            )
        try:
            optics[camera.logical_id] = wire.optic(camera, body_frame=body_frame)
        except Unusable as unusable:
            left_out[camera.logical_id] = str(unusable)
    return optics, left_out


def _debug(name: str, answer: Answer, took: float) -> protocol.CarlaDriveDebugInfo:
    plan, chosen = answer.plan, int(answer.plan.chosen[0])
    scalars = {"risk": float(plan.risk[0]), "value": float(plan.values[0, chosen]), "speed_in_4_s": float(plan.speeds[0, chosen, -1])}
    return protocol.CarlaDriveDebugInfo(policy_name=name, inference_seconds=took, scalars=scalars)
