// SPDX-License-Identifier: Apache-2.0
package javax.crac;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;

/**
 * The resources of a context, in the order of their registration, as long as somebody else holds them. They are told apart by
 * identity: proxies of org.crac need not answer equals or hashCode.
 */
final class RegistrationOrder {
    private final List<WeakReference<Resource>> resources = new ArrayList<>();

    /** Adds a resource at the end; one that is there already goes there. */
    synchronized void add(Resource resource) {
        resources.removeIf(reference -> reference.refersTo(resource) || reference.refersTo(null));
        resources.add(new WeakReference<>(resource));
    }

    /** Those that still live, oldest first. */
    synchronized List<Resource> living() {
        List<Resource> living = new ArrayList<>();
        for (Reference<Resource> reference : resources) {
            Resource resource = reference.get();
            if (resource != null) {
                living.add(resource);
            }
        }
        return living;
    }
}
